"""What a problem tells the engine: its states, what a policy sees, its moves.

A state is the tail sub-problem that is left after some decisions: it is again
an instance of the same problem (with an open end, or a used-up budget), so
nothing of what was decided needs to be remembered. Every method works on a
batch, whose rows are independent and may differ in size: nodes that a row
lacks are simply not open.

References
----------
.. [1] D. Drakulic et al., "BQ-NCO: bisimulation quotienting for efficient
   neural combinatorial optimization", NeurIPS 2023.
   https://arxiv.org/abs/2301.03313
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

from numpy.typing import NDArray
from torch import Tensor

__all__ = ["Problem", "View"]


class View(NamedTuple):
    """What the policy sees of a batch of states: a window of tokens.

    Attributes
    ----------
    tokens : Tensor, shape (b, t, features), float
        Features, 0 where there is no token.
    edges : Tensor, shape (b, t, t, edges), float
        Features of pairs of tokens.
    valid : Tensor, shape (b, t), bool
        Which tokens are there.
    allowed : Tensor, shape (b, t, actions), bool
        Actions that keep the solution feasible.
    node : Tensor, shape (b, t), int64
        Node of each token; 0 where the token is no candidate.
    """

    tokens: Tensor
    edges: Tensor
    valid: Tensor
    allowed: Tensor
    node: Tensor


class Problem(Protocol):
    """One problem; a further one is one further file with these members.

    Attributes
    ----------
    name : str
        Kind of the problem.
    features, edges, actions : int
        Width of tokens and of pairs, and ways to take a node.
    width : int
        Tokens of a window, unless a model asks for another number.
    marks : int
        Tokens that are not candidates (origin, destination, summary).
    maximised : bool
        Whether the objective is to be large.
    changing : tuple of str
        Fields of a state that an action changes.
    sets : mapping
        Label sets by name and their share of a training batch.
    """

    name: ClassVar[str]
    features: ClassVar[int]
    edges: ClassVar[int]
    actions: ClassVar[int]
    width: ClassVar[int]
    marks: ClassVar[int]
    maximised: ClassVar[bool]
    changing: ClassVar[tuple[str, ...]]
    sets: ClassVar[Mapping[str, float]]

    def decode(self, shard: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return a shard's arrays as the sampler wants them."""
        ...

    def draw(self, rows: Mapping[str, Tensor]) -> tuple[Any, Tensor]:
        """Draw a random sub-problem of each labelled instance.

        Returns
        -------
        state
            The states.
        wanted : Tensor, shape (b, n, actions), float
            Weights of the right actions, summing to 1 in each row.
        """
        ...

    def start(self, instance: Mapping[str, Tensor]) -> Any:
        """Return the states in which nothing is decided."""
        ...

    def left(self, state: Any) -> Tensor:
        """Return how many nodes may still be taken, shape (b,), int64."""
        ...

    def observe(self, state: Any, width: int) -> View:
        """Return what the policy sees, in at most ``width`` tokens."""
        ...

    def step(self, state: Any, node: Tensor, way: Tensor, moving: Tensor) -> Any:
        """Return the states after an action, unchanged where not ``moving``.

        Parameters
        ----------
        state
            The states.
        node, way : Tensor, shape (b,), int64
            The node to take, and how.
        moving : Tensor, shape (b,), bool
            Rows that take an action.
        """
        ...

    def turned(self, state: Any) -> Any | None:
        """Return the states seen from their ends; None where that is no state.

        Only for problems whose actions have one way.
        """
        ...

    def gain(self, state: Any, node: Tensor, way: Tensor) -> Tensor:
        """Return what an action adds to the objective, shape (b,).

        A solution's objective is the sum of its actions' and of ``closing``.
        """
        ...

    def closing(self, state: Any) -> Tensor:
        """Return what ending in a state adds to the objective, shape (b,)."""
        ...

    def identity(self, state: Any, gained: Tensor) -> tuple[Tensor, Tensor]:
        """Tell states apart that an instance may reach in several ways.

        Parameters
        ----------
        state
            The states.
        gained : Tensor, shape (b,)
            Sum of ``gain`` on the way there.

        Returns
        -------
        key : Tensor, shape (b,), int64
            Equal where one of two states is never worse than the other.
        merit : Tensor, shape (b,)
            The larger of the two is that of the better state.
        """
        ...

    def vary(
        self, instance: Mapping[str, Tensor], count: int
    ) -> tuple[dict[str, Tensor], Tensor]:
        """Return ways to look at each instance from which solutions differ.

        Returns
        -------
        dict of Tensor
            ``count`` rows for each instance, beside each other, the first one
            as it is; their nodes have the same numbers.
        Tensor, shape (b * count,), int64
            Rank of the first action that each row is to take.
        """
        ...

    def objective(
        self, instance: Mapping[str, Tensor], nodes: Tensor, ways: Tensor
    ) -> Tensor:
        """Return what finished solutions cost or collect, shape (b,).

        Parameters
        ----------
        instance : mapping
            As for ``start``.
        nodes, ways : Tensor, shape (b, steps), int64
            The actions in order, nodes -1 where a row took none.
        """
        ...
