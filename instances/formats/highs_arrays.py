"""The arrays of a model that HiGHS holds, and of its solution.

highspy hands vectors out as Python lists, a third of the time that HiGHS needs to
read a file. HiGHS' C functions copy them into arrays; they are in the library that
highspy has loaded, and pybind11's conduit gives the address of the model after
checking its type. Where either is missing the lists remain.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import highspy

__all__ = ["LpArrays", "SolutionArrays", "lp_arrays", "solution_arrays"]

Floats = NDArray[np.float64]

_ROWWISE = 2
#: How pybind11 names the ABI of a C++ library: those of the Linux wheels.
_ABIS = (
    b"system_libstdcpp_gxx_abi_1xxx_use_cxx11_abi_1",
    b"system_libstdcpp_gxx_abi_1xxx_use_cxx11_abi_0",
)


class LpArrays(NamedTuple):
    """An LP with its integrality; ``A`` is a CSR array."""

    cost: Floats
    A: Any
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    integrality: NDArray[np.int32]


def lp_arrays(highs: highspy.Highs) -> LpArrays:
    """Return the arrays of a model, by the fastest way there is."""
    address = _address(highs)
    return _from_lists(highs) if address is None else _from_memory(highs, address)


def _from_memory(highs: highspy.Highs, address: tuple[Any, int]) -> LpArrays:
    """Let HiGHS copy its arrays into ours."""
    import scipy.sparse as sp

    library, model = address
    n, m, nnz = highs.getNumCol(), highs.getNumRow(), highs.getNumNz()
    cost, lower, upper = np.empty(n), np.empty(n), np.empty(n)
    row_lower, row_upper = np.empty(m), np.empty(m)
    start, index = np.full(m + 1, nnz, np.int32), np.empty(nnz, np.int32)
    value, integrality = np.empty(nnz), np.zeros(n, np.int32)
    sizes = (ctypes.c_int * 5)()
    offset = ctypes.c_double()
    counts = [ctypes.byref(sizes, 4 * k) for k in range(5)]
    outputs = (cost, lower, upper, row_lower, row_upper, start, index, value)
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in outputs]
    hessian = [ctypes.c_void_p(None)] * 3
    library.Highs_getModel(
        ctypes.c_void_p(model),
        ctypes.c_int(_ROWWISE),
        ctypes.c_int(_ROWWISE),
        *counts,
        ctypes.byref(offset),
        *pointers,
        *hessian,
        ctypes.c_void_p(integrality.ctypes.data),
    )
    A = sp.csr_array((value, index, start), shape=(m, n))
    return LpArrays(cost, A, row_lower, row_upper, lower, upper, integrality)


class SolutionArrays(NamedTuple):
    """Values and duals of columns and rows; duals are zero where there are none."""

    col_value: Floats
    col_dual: Floats
    row_value: Floats
    row_dual: Floats


def solution_arrays(highs: highspy.Highs) -> SolutionArrays:
    """Return the solution that HiGHS holds, by the fastest way there is."""
    address = _address(highs)
    n, m = highs.getNumCol(), highs.getNumRow()
    found = SolutionArrays(np.zeros(n), np.zeros(n), np.zeros(m), np.zeros(m))
    if address is None:
        given = highs.getSolution()
        for field, vector in found._asdict().items():
            values = getattr(given, field)
            vector[: len(values)] = values
        return found
    library, model = address
    library.Highs_getSolution(
        ctypes.c_void_p(model), *(ctypes.c_void_p(a.ctypes.data) for a in found)
    )
    return found


def _address(highs: highspy.Highs) -> tuple[Any, int] | None:
    """Return HiGHS' C library and the address of a model, if they can be had."""
    found = _library()
    conduit = getattr(highs, "_pybind11_conduit_v1_", None)
    if found is None or conduit is None:
        return None
    library, type_info, pointer = found
    for abi in _ABIS:
        capsule = conduit(abi, type_info, b"raw_pointer_ephemeral")
        if capsule is not None:
            return library, pointer(capsule, b"5Highs")
    return None


@cache
def _library() -> tuple[Any, Any, Any] | None:
    """Return the library, pybind11's name of the class, and what opens capsules."""
    import highspy._core as core

    try:
        library = ctypes.PyDLL(core.__file__)
        library.Highs_getModel.restype = ctypes.c_int
        library.Highs_getSolution.restype = ctypes.c_int
        kind = ctypes.addressof(ctypes.c_char.in_dll(library, "_ZTI5Highs"))
    except (OSError, AttributeError, ValueError):
        return None
    new, get = ctypes.pythonapi.PyCapsule_New, ctypes.pythonapi.PyCapsule_GetPointer
    new.restype = ctypes.py_object
    new.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
    get.restype, get.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return library, new(kind, b"St9type_info", None), get


def _from_lists(highs: highspy.Highs) -> LpArrays:
    """Convert highspy's lists."""
    import scipy.sparse as sp

    lp = highs.getLp()
    matrix = lp.a_matrix_
    A = sp.csc_array(
        (
            np.fromiter(matrix.value_, np.float64),
            np.fromiter(matrix.index_, np.int32),
            np.fromiter(matrix.start_, np.int32),
        ),
        shape=(lp.num_row_, lp.num_col_),
    ).tocsr()
    kinds = np.zeros(lp.num_col_, np.int32)
    listed = lp.integrality_
    kinds[: len(listed)] = np.fromiter(map(int, listed), np.int32)
    return LpArrays(
        np.array(lp.col_cost_),
        A,
        np.fromiter(lp.row_lower_, np.float64),
        np.fromiter(lp.row_upper_, np.float64),
        np.fromiter(lp.col_lower_, np.float64),
        np.fromiter(lp.col_upper_, np.float64),
        kinds,
    )
