"""Arrays with a version and a card, in one ``.npz`` file that needs no pickle."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import InstanceFormatError
from combkit.instances.source import atomic_write

__all__ = ["read", "read_made", "write"]

Arrays = dict[str, NDArray[Any]]


def write(path: Path, version: str, arrays: Mapping[str, Any], card: Any) -> None:
    """Write arrays and a card, replacing the file at once.

    Parameters
    ----------
    path : Path
        The file.
    version : str
        Version of what they mean.
    arrays : mapping of str to array_like
        The arrays, of numbers or of text.
    card : dict
        Any JSON.
    """
    about = np.array(json.dumps({"version": version, "card": card}))
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, about=about, **arrays)
    atomic_write(path, stream.getvalue())


def read(path: Path, version: str, what: str) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays of a file and its card.

    Parameters
    ----------
    path : Path
        The file.
    version : str
        Version that is known.
    what : str
        What it should be, in errors, e.g. "weights".

    Raises
    ------
    InstanceFormatError
        If it is missing, damaged or of another version.
    """
    name = str(path)
    try:
        # NumPy leaves files open that it cannot read.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files if key != "about"}
            about = json.loads(str(file["about"]))
        found, card = about["version"], about["card"]
    except FileNotFoundError:
        raise InstanceFormatError(name, None, f"no such {what}") from None
    except Exception as error:  # zip, zlib and NumPy raise what they like
        reason = (
            f"damaged {what}: {str(error).splitlines()[0] if str(error) else error!r}"
        )
        raise InstanceFormatError(name, None, reason) from None
    if found != version:
        reason = f"{what} of version {found}, not {version}: make them anew"
        raise InstanceFormatError(name, None, reason)
    return arrays, card


def read_made(
    path: Path, version: str, what: str, mark: str
) -> tuple[Arrays, dict[str, Any]]:
    """Return the arrays and the card of what was made with a network's weights.

    Parameters
    ----------
    path, version, what
        As for ``read``.
    mark : str
        Mark of the weights at hand, which those in the card must be.

    Raises
    ------
    InstanceFormatError
        If it is missing, damaged, of another version or made with other weights.
    """
    arrays, card = read(path, version, what)
    made = card.get("weights")
    if made != mark:
        reason = f"made with weights {made}, not {mark}: make it anew"
        raise InstanceFormatError(str(path), None, reason)
    return arrays, card
