"""The farthest point of an uncertainty set in a direction."""

from __future__ import annotations

import highspy
import numpy as np
from numpy.typing import NDArray

from combkit.instances.errors import SolverError
from combkit.instances.robust.uncertainty import Region
from combkit.mip.highs_model import build, run_native, set_option

__all__ = ["Support"]

Floats = NDArray[np.float64]


class Support:
    """Maximises linear functions over an uncertainty set's program, warm.

    Parameters
    ----------
    region : Region
        The set.
    """

    def __init__(self, region: Region) -> None:
        self._integral = region.program.integrality == 1
        self._highs = build(region.program)
        set_option(self._highs, "mip_rel_gap", 0.0)
        self._columns = np.arange(region.program.n, dtype=np.int32)

    def any_point(self) -> Floats:
        """Return a point, the same one each time."""
        return self.farthest(np.zeros(self._columns.size))

    def farthest(self, direction: Floats) -> Floats:
        """Return a point where a linear function is largest.

        Parameters
        ----------
        direction : ndarray of float64, shape (q,)
            Its coefficients.

        Raises
        ------
        SolverError
            If HiGHS fails.
        """
        highs = self._highs
        highs.changeColsCost(self._columns.size, self._columns, -direction)
        run_native(highs, 1)
        if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError("HiGHS failed", str(highs.getModelStatus()))
        w = np.array(highs.getSolution().col_value)
        point: Floats = np.where(self._integral, np.round(w), w) + 0.0
        return point
