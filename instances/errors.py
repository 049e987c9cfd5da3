"""The one exception tree of the suite.

``CombkitError``
    ``InstanceFormatError``      a file is not what its format demands
    ``InvalidProblemError``      a problem's field has an impossible value
    ``InvalidSolutionError``     a solution violates its problem
    ``UnsupportedFeatureError``  understood, but not supported here
    ``MissingDependencyError``   an extra is not installed
    ``UsageError``               an unknown solver, parameter, kind or format
    ``SolverError``              a solver failed

Warnings derive from ``CombkitWarning``.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Sequence

__all__ = [
    "CombkitError",
    "CombkitWarning",
    "InstanceFormatError",
    "InvalidProblemError",
    "InvalidSolutionError",
    "MissingDependencyError",
    "SolverError",
    "UnsupportedFeatureError",
    "UsageError",
    "nearest",
]


class CombkitError(Exception):
    """Base class of every error that combkit raises on purpose."""


class CombkitWarning(UserWarning):
    """Base class of every warning that combkit gives."""


class InstanceFormatError(CombkitError, ValueError):
    """A file cannot be read as the format it claims to be.

    Parameters
    ----------
    path : str or PathLike
        The file.
    line : int or None
        1-based line number, None when the whole file is meant.
    reason : str
        What is wrong, in plain words.
    """

    def __init__(
        self, path: str | os.PathLike[str], line: int | None, reason: str
    ) -> None:
        self.path = os.fspath(path)
        self.line = line
        self.reason = reason
        where = self.path if line is None else f"{self.path}:{line}"
        super().__init__(f"{where}: {reason}")

    def __reduce__(self) -> tuple[type, tuple[str, int | None, str]]:
        return type(self), (self.path, self.line, self.reason)


class InvalidProblemError(CombkitError, ValueError):
    """A problem's field holds a value that the problem cannot have.

    Parameters
    ----------
    field : str
        Name of the field.
    reason : str
        What is wrong, with the offending value.
    """

    def __init__(self, field: str, reason: str) -> None:
        self.field = field
        self.reason = reason
        super().__init__(f"{field}: {reason}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.field, self.reason)


class InvalidSolutionError(CombkitError, ValueError):
    """A solution violates its problem.

    Parameters
    ----------
    violations : sequence of str
        Every violation, in plain words.
    """

    def __init__(self, violations: Sequence[str]) -> None:
        self.violations = tuple(violations)
        shown = "; ".join(self.violations[:5])
        more = len(self.violations) - 5
        super().__init__(shown + (f"; and {more} more" if more > 0 else ""))

    def __reduce__(self) -> tuple[type, tuple[tuple[str, ...]]]:
        return type(self), (self.violations,)


class UnsupportedFeatureError(CombkitError):
    """The input is understood but asks for something that is not supported."""


class MissingDependencyError(CombkitError, ImportError):
    """A feature needs packages of an extra that is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        self.feature = feature
        self.extra = extra
        super().__init__(
            f"{feature} needs the extra [{extra}]: pip install 'combkit[{extra}]'"
        )

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.feature, self.extra)


class UsageError(CombkitError, ValueError):
    """A name or a setting that the caller chose does not exist or fit."""


class SolverError(CombkitError, RuntimeError):
    """A solver failed.

    Parameters
    ----------
    message : str
        What happened, naming the solver.
    raw : str
        The solver's own status or message.
    """

    def __init__(self, message: str, raw: str = "") -> None:
        self.raw = raw
        super().__init__(f"{message} ({raw})" if raw else message)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a hint ``"; did you mean 'x'?"`` for a mistyped name, or ``""``."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
