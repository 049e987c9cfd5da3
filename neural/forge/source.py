"""What may be embedded: a program, a model that becomes one, or a file of one."""

from __future__ import annotations

import os

from combkit.instances.errors import UsageError
from combkit.instances.formats import read
from combkit.instances.mip import MIP
from combkit.mip.modelling import Model

__all__ = ["Instance", "program_of"]

Instance = MIP | Model | str | os.PathLike[str]


def program_of(instance: Instance) -> MIP:
    """Return the program that is meant.

    Parameters
    ----------
    instance : MIP, Model, str or PathLike
        The program, a model, or the path of a file.

    Raises
    ------
    UsageError
        If the file holds a problem of another kind.
    InstanceFormatError
        If it cannot be read.
    """
    if isinstance(instance, MIP):
        return instance
    if isinstance(instance, Model):
        return instance.to_mip(native=True)
    problem = read(instance)
    if not isinstance(problem, MIP):
        raise UsageError(f"{instance}: a {problem.kind}, not a mixed-integer program")
    return problem
