"""What the commands on embedded programs share: the weights."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from combkit.neural.forge.encoder import Encoder

__all__ = ["add_weights", "encoder_of"]


def add_weights(parser: argparse.ArgumentParser) -> None:
    """Add the option that names other weights than those of the package.

    Parameters
    ----------
    parser : ArgumentParser
        Parser of a command.
    """
    parser.add_argument(
        "--weights", metavar="W", type=Path, help="weights of combkit train forge"
    )


def encoder_of(args: argparse.Namespace) -> Encoder:
    """Return the network that the arguments name.

    Parameters
    ----------
    args : Namespace
        Arguments of a command.

    Raises
    ------
    InstanceFormatError
        If the weights cannot be read.
    """
    from combkit.neural.forge.encoder import Encoder, shipped

    return shipped() if args.weights is None else Encoder.load(args.weights)
