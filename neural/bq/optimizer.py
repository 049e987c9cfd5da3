"""Muon for the matrices of layers, AdamW for the rest, free of host reads.

All state, the learning rate and the step count too, is in tensors, so that a
step can be part of a CUDA graph.

References
----------
.. [1] K. Jordan et al., "Muon: an optimizer for hidden layers in neural
   networks", 2024. https://kellerjordan.github.io/posts/muon/
.. [2] I. Loshchilov and F. Hutter, "Decoupled weight decay regularization",
   ICLR 2019. https://arxiv.org/abs/1711.05101
"""

# PyTorch has no public name for the fused list operations of its own optimizers.
# ruff: noqa: SLF001

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

__all__ = ["Optimizer"]

#: Coefficients of the iteration that makes singular values equal.
_A, _B, _C = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5


class Optimizer:
    """Updates a module's parameters and their exponential average.

    Parameters
    ----------
    module : Module
        What is trained.
    rate : float
        Learning rate of AdamW; matrices take ``ratio`` times it.
    muon : bool
        Whether matrices are updated by Muon.
    average : float
        Decay of the average.
    clip : float
        Largest norm of the gradient.
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        rate: float,
        muon: bool = True,
        ratio: float = 10.0,
        average: float = 0.999,
        clip: float = 1.0,
        decay: float = 0.01,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.98),
    ) -> None:
        named = list(module.named_parameters())
        self.parameters: list[Tensor] = [p for _, p in named]
        device = self.parameters[0].device
        self.rate = rate
        self.ratio = ratio
        self.clip = clip
        self.decay = decay
        self.momentum = momentum
        self.betas = betas
        self.keep = average
        self.factor = torch.zeros((), device=device)
        self.steps = torch.zeros((), device=device)
        self.average = [p.detach().clone() for p in self.parameters]
        self.first = [torch.zeros_like(p) for p in self.parameters]
        self.second = [torch.zeros_like(p) for p in self.parameters]
        hidden = [
            k for k, (name, p) in enumerate(named) if muon and _is_hidden(name, p)
        ]
        groups: dict[torch.Size, list[int]] = {}
        for k in hidden:
            groups.setdefault(self.parameters[k].shape[-2:], []).append(k)
        self._matrices = list(groups.values())
        self._others = [k for k in range(len(named)) if k not in set(hidden)]

    @torch.no_grad()
    def step(self, grads: list[Tensor]) -> None:
        """Update the parameters, at ``factor`` times the learning rate.

        Parameters
        ----------
        grads : list of Tensor
            Gradients of ``parameters``, in their order; overwritten.
        """
        self.steps += 1
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(grads)))
        torch._foreach_mul_(grads, (self.clip / (norm + 1e-6)).clamp(max=1.0))
        self._adam(self._others, grads)
        for group in self._matrices:
            self._muon(group, grads)
        # A short memory at first: the start is soon forgotten.
        keep = torch.minimum(
            (1.0 + self.steps) / (10.0 + self.steps),
            torch.full_like(self.steps, self.keep),
        )
        torch._foreach_mul_(self.average, keep)
        fresh = torch._foreach_mul(self.parameters, 1.0 - keep)
        torch._foreach_add_(self.average, list(fresh))

    def _adam(self, group: list[int], grads: list[Tensor]) -> None:
        one, two = self.betas
        parameters = [self.parameters[k] for k in group]
        gradients = [grads[k] for k in group]
        first = [self.first[k] for k in group]
        second = [self.second[k] for k in group]
        torch._foreach_lerp_(first, gradients, 1.0 - one)
        torch._foreach_mul_(second, two)
        torch._foreach_addcmul_(second, gradients, gradients, 1.0 - two)
        rate = self.factor * self.rate
        scale = torch.sqrt(1.0 - two**self.steps) / (1.0 - one**self.steps)
        root = torch._foreach_sqrt(second)
        torch._foreach_add_(root, 1e-8)
        change = torch._foreach_div(first, root)
        torch._foreach_mul_(change, -rate * scale)
        torch._foreach_mul_(parameters, 1.0 - rate * self.decay)
        torch._foreach_add_(parameters, list(change))

    def _muon(self, group: list[int], grads: list[Tensor]) -> None:
        parameters = [self.parameters[k] for k in group]
        gradients = [grads[k] for k in group]
        first = [self.first[k] for k in group]
        torch._foreach_lerp_(first, gradients, 1.0 - self.momentum)
        ahead = torch._foreach_lerp(gradients, first, self.momentum)
        shape = parameters[0].shape[-2:]
        stacked = torch.cat([g.reshape(-1, *shape) for g in ahead])
        update = _orthogonal(stacked) * max(1.0, shape[0] / shape[1]) ** 0.5
        rate = self.factor * self.rate * self.ratio
        at = 0
        for parameter in parameters:
            count = parameter.numel() // (shape[0] * shape[1])
            part = update[at : at + count].view_as(parameter)
            parameter.mul_(1.0 - rate * self.decay).sub_(rate * part)
            at += count

    @torch.no_grad()
    def forget(self) -> None:
        """Forget all steps; parameters and learning rate stay."""
        self.steps.zero_()
        for mine, parameter in zip(self.average, self.parameters, strict=True):
            mine.copy_(parameter)
        for moment in (*self.first, *self.second):
            moment.zero_()

    def state_dict(self) -> dict[str, Tensor | list[Tensor]]:
        """Return all tensors of the state."""
        return {
            "steps": self.steps,
            "average": self.average,
            "first": self.first,
            "second": self.second,
        }

    @torch.no_grad()
    def load_state_dict(self, state: dict[str, Tensor | list[Tensor]]) -> None:
        """Copy all tensors of a state, in place."""
        for name, mine in self.state_dict().items():
            theirs = state[name]
            pairs: Iterable[tuple[Tensor, Tensor]] = (
                zip(mine, theirs, strict=True)
                if isinstance(mine, list)
                else [(mine, theirs)]  # type: ignore[list-item]
            )
            for old, new in pairs:
                old.copy_(new)


def _is_hidden(name: str, parameter: Tensor) -> bool:
    """Whether a parameter is a matrix of a layer."""
    return name.startswith("layers.") and not name.endswith(
        ("slopes", "gather", "shift", "gates")
    )


def _orthogonal(matrices: Tensor) -> Tensor:
    """Return matrices (g, r, c) with their singular values near 1."""
    x = matrices.bfloat16() if matrices.is_cuda else matrices
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        inner = torch.baddbmm(square, square, square, beta=_B, alpha=_C)
        x = torch.baddbmm(x, inner, x, beta=_A)
    return (x.mT if tall else x).to(matrices.dtype)
