"""What the commands on embedded programs share: weights, and solving one."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from combkit.cli.exits import Exit
from combkit.cli.parser import positive_number
from combkit.instances.result import Result, Status

if TYPE_CHECKING:
    from combkit.neural.forge.encoder import Encoder

__all__ = ["add_time_limit", "add_weights", "encoder_of", "show"]


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
    from combkit.neural.forge import encoder

    return encoder.encoder_of(args.weights)


def add_time_limit(parser: argparse.ArgumentParser) -> None:
    """Add the option that says how long a program may be solved.

    Parameters
    ----------
    parser : ArgumentParser
        Parser of a command.
    """
    parser.add_argument(
        "--time-limit",
        type=positive_number,
        default=60.0,
        metavar="S",
        help="seconds to solve it (default 60)",
    )


def show(result: Result, *, as_json: bool) -> Exit:
    """Print what came of solving a program.

    Parameters
    ----------
    result : Result
        What came of it.
    as_json : bool
        Whether to print one JSON object.
    """
    print(json.dumps(result.to_dict()) if as_json else result.summary())
    return Exit.NOTHING if result.status is Status.NO_SOLUTION else Exit.OK
