"""Reading files as text, whatever they are packed in, and writing them whole."""

from __future__ import annotations

import contextlib
import gzip
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, cast

from combkit.instances.errors import InstanceFormatError

__all__ = ["Source", "atomic_write"]

_HEAD_BYTES = 65_536
#: A packed file may unpack to at most this much: no zip bomb fills the memory.
MAX_BYTES = 4 << 30


class Source:
    """A file to read, plain or gzip-compressed.

    Parameters
    ----------
    path : str or PathLike
        The file. ``FILE#k`` names the k-th problem, from 0, of a file with
        several, where no file of that whole name exists.

    Attributes
    ----------
    member : int or None
        The k of ``FILE#k``.

    Raises
    ------
    InstanceFormatError
        If the path is missing, a directory, unreadable or empty.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.member: int | None = None
        name, mark, number = self.path.name.rpartition("#")
        if mark and number.isdecimal() and not self.path.exists():
            self.path, self.member = self.path.with_name(name), int(number[:18])
        if self.path.is_dir():
            raise self.error(None, "is a directory, not a file")
        try:
            with self.path.open("rb") as stream:
                self.packed = stream.read(2) == b"\x1f\x8b"
            if self.path.stat().st_size == 0:
                raise self.error(None, "the file is empty")
        except OSError as error:
            raise self.error(None, error.strerror or "cannot be read") from None

    @property
    def name(self) -> str:
        """File name without ``.gz`` and without its suffix."""
        return Path(self._unpacked_name).stem

    @property
    def suffix(self) -> str:
        """Lower-case suffix without the dot, ``.gz`` not counted."""
        return Path(self._unpacked_name).suffix.lower().lstrip(".")

    @property
    def _unpacked_name(self) -> str:
        name = self.path.name
        return name[:-3] if name.lower().endswith(".gz") else name

    @cached_property
    def raw_head(self) -> bytes:
        """The first 64 kB as they are, for recognising binary formats."""
        with self._open() as stream, self._packing_errors():
            return stream.read(_HEAD_BYTES)

    @cached_property
    def head(self) -> str:
        """The first 64 kB as text, for recognising the format."""
        data = self.raw_head
        if data.count(b"\0") > len(data) // 100:
            raise self.error(None, "is binary, not a text format")
        return _decode(data)

    @property
    def data(self) -> bytes:
        """The whole file as it is; not kept."""
        with self._open() as stream, self._packing_errors():
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise self.error(None, f"holds more than {MAX_BYTES >> 30} GiB")
        return data

    @cached_property
    def text(self) -> str:
        """The whole file: no BOM, Unix line ends, latin-1 where not UTF-8."""
        data = self.data
        if b"\0" in data:
            line = data[: data.index(b"\0")].count(b"\n") + 1
            raise self.error(line, "a NUL byte in a text file")
        return _decode(data)

    @cached_property
    def lines(self) -> list[str]:
        """The lines of ``text``; line number k is ``lines[k - 1]``."""
        return self.text.split("\n")

    def error(self, line: int | None, reason: str) -> InstanceFormatError:
        """Return the error to raise for a line (1-based) of this file."""
        return InstanceFormatError(self.path, line, reason)

    @contextlib.contextmanager
    def plain_path(self, suffix: str | None = None) -> Iterator[Path]:
        """Yield a path to the unpacked content, for readers that need a file.

        Parameters
        ----------
        suffix : str, optional
            Suffix that the path must end in; a temporary copy is made where
            the file has another one or is packed.
        """
        suffix = self.suffix if suffix is None else suffix
        if not self.packed and self.path.suffix.lower() == f".{suffix}":
            yield self.path
            return
        with tempfile.TemporaryDirectory(prefix="combkit-") as folder:
            copy = Path(folder) / f"{self.name}.{suffix}"
            size = 0
            with (
                self._packing_errors(),
                copy.open("wb") as out,
                self._open() as stream,
            ):
                while block := stream.read(1 << 20):
                    size += len(block)
                    if size > MAX_BYTES:
                        raise self.error(None, f"holds more than {MAX_BYTES >> 30} GiB")
                    out.write(block)
            yield copy

    def _open(self) -> IO[bytes]:
        try:
            if self.packed:
                return cast(IO[bytes], gzip.open(self.path, "rb"))
            return self.path.open("rb")
        except OSError as error:
            raise self.error(None, error.strerror or "cannot be read") from None

    @contextlib.contextmanager
    def _packing_errors(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error(None, f"damaged gzip file: {error}") from None


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1").removeprefix("ï»¿")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def atomic_write(
    path: str | os.PathLike[str], content: str | bytes | Iterable[str]
) -> None:
    """Write a file whole or not at all: to a temporary name, then rename.

    Parameters
    ----------
    path : str or PathLike
        Target; a name ending in ``.gz`` is compressed.
    content : str, bytes or iterable of str
        What to write, text as UTF-8.

    Raises
    ------
    OSError
        If the folder cannot be written; the target is then untouched.
    """
    target = Path(path)
    handle, temporary = tempfile.mkstemp(
        prefix=f".{target.name}.", suffix=".part", dir=target.parent or "."
    )
    try:
        with os.fdopen(handle, "wb") as raw:
            packed = target.suffix.lower() == ".gz"
            out = gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) if packed else raw
            for part in [content] if isinstance(content, str | bytes) else content:
                out.write(part.encode() if isinstance(part, str) else part)
            if packed:
                out.close()
            raw.flush()
            os.fsync(raw.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
