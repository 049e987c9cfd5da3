"""The policy network: a transformer over the tokens of a state.

There is no positional encoding, so the order of the tokens has no meaning.
Pairs of tokens (distances, costs) bias the attention. With ``norm="rezero"``
and no pairs it is the plain network of the BQ paper.

References
----------
.. [1] D. Drakulic et al., "BQ-NCO: bisimulation quotienting for efficient
   neural combinatorial optimization", NeurIPS 2023.
   https://arxiv.org/abs/2301.03313
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import (
    linear,
    relu,
    rms_norm,
    scaled_dot_product_attention,
)

from combkit.neural.bq.base import Problem, View

__all__ = ["PAPER", "Config", "Policy", "masked_logits"]


@dataclass(frozen=True)
class Config:
    """Size and form of a network.

    Attributes
    ----------
    features, edges, actions : int
        What the problem gives and asks for; see ``Problem``.
    width : int
        Tokens of a window; at least all tokens of an instance for none.
    dim, depth, heads, hidden : int
        Width and number of layers, attention heads, width of the inner layer.
    norm : str
        ``"rms"``: every sub-layer sees normalised tokens; ``"rezero"``: no
        norm, but a factor that starts at 0.
    pairs : bool
        Whether pairs bias the attention.
    messages : bool
        Whether attention also gathers the features of pairs.
    """

    features: int
    edges: int
    actions: int
    width: int
    dim: int = 128
    depth: int = 6
    heads: int = 8
    hidden: int = 512
    norm: str = "rms"
    pairs: bool = True
    messages: bool = False

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise ValueError(f"dim={self.dim}: not divisible by heads={self.heads}")
        if self.norm not in ("rms", "rezero"):
            raise ValueError(f"norm={self.norm!r}: 'rms' or 'rezero'")

    @classmethod
    def of(cls, problem: Problem, **sizes: int | str | bool) -> Config:
        """Return the configuration for a problem."""
        values = {
            "features": problem.features,
            "edges": problem.edges,
            "actions": problem.actions,
            "width": problem.width,
            # A matrix says nothing about a single token.
            "messages": problem.edges > 1,
        }
        return cls(**(values | sizes))  # type: ignore[arg-type]

    def to_dict(self) -> dict[str, int | str | bool]:
        """Return plain values."""
        return asdict(self)


#: Sizes of the reference configuration (with a width of all tokens).
PAPER: dict[str, int | str | bool] = {
    "dim": 192,
    "depth": 9,
    "heads": 12,
    "hidden": 512,
    "norm": "rezero",
    "pairs": False,
    "messages": False,
}


class _Layer(nn.Module):
    """Self-attention and a two-layer perceptron, each added to its input."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        d = config.dim
        self.heads = config.heads
        self.rms = config.norm == "rms"
        self.attend = nn.Parameter(torch.empty(3, d, d))
        self.join = nn.Parameter(torch.empty(d, d))
        self.widen = nn.Parameter(torch.empty(config.hidden, d))
        self.narrow = nn.Parameter(torch.empty(d, config.hidden))
        for weight in (self.attend, self.widen):
            nn.init.normal_(weight, std=d**-0.5)
        if self.rms:
            # A layer starts as the identity.
            nn.init.zeros_(self.join)
            nn.init.zeros_(self.narrow)
        else:
            nn.init.normal_(self.join, std=d**-0.5)
            nn.init.normal_(self.narrow, std=config.hidden**-0.5)
            self.gates = nn.Parameter(torch.zeros(2))
        self.shift = nn.Parameter(torch.zeros(config.hidden))
        if config.pairs:
            # Heads start with different reach: from 1/8 of a window to all.
            reach = -(2.0 ** torch.linspace(0.0, 3.0, config.heads))
            slopes = torch.zeros(config.edges, config.heads)
            slopes[0] = reach
            self.slopes = nn.Parameter(slopes)
        if config.messages:
            self.gather = nn.Parameter(torch.zeros(d, config.heads * config.edges))

    def _normed(self, x: Tensor) -> Tensor:
        return rms_norm(x, (x.shape[-1],)) if self.rms else x

    def forward(self, x: Tensor, edges: Tensor, mask: Tensor) -> Tensor:
        b, t, d = x.shape
        size = d // self.heads
        seen = self._normed(x)
        projected = linear(seen, self.attend.flatten(0, 1))
        q, k, v = projected.view(b, t, 3, self.heads, size).permute(2, 0, 3, 1, 4)
        bias = mask
        if hasattr(self, "slopes"):
            for feature in range(self.slopes.shape[0]):
                slope = self.slopes[feature][:, None, None]
                bias = torch.addcmul(bias, slope, edges[:, None, :, :, feature])
        gathering = hasattr(self, "gather")
        if gathering or torch.is_grad_enabled():
            scores = (q @ k.transpose(-1, -2)) * size**-0.5 + bias
            weights = torch.softmax(scores.float(), -1).to(v.dtype)
            mixed = weights @ v
        else:
            # The fused operation has no gradient of the bias on every device.
            bias = bias.to(q.dtype).expand(b, self.heads, t, t)
            mixed = scaled_dot_product_attention(q, k, v, attn_mask=bias)
        change = linear(mixed.transpose(1, 2).reshape(b, t, d), self.join)
        if gathering:
            sums = [
                (weights * edges[:, None, :, :, feature].to(v.dtype)).sum(-1)
                for feature in range(edges.shape[-1])
            ]
            gathered = torch.cat(sums, 1).transpose(1, 2)
            change = change + linear(gathered, self.gather)
        x = x + (change if self.rms else change * self.gates[0])
        inner = relu(linear(self._normed(x), self.widen, self.shift))
        change = linear(inner.square() if self.rms else inner, self.narrow)
        return x + (change if self.rms else change * self.gates[1])


class Policy(nn.Module):
    """Scores the actions of a window."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.embed = nn.Linear(config.features, config.dim)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.depth))
        self.score = nn.Linear(config.dim, config.actions)
        nn.init.zeros_(self.score.weight)

    def forward(self, tokens: Tensor, edges: Tensor, valid: Tensor) -> Tensor:
        """Return the score of every action, shape (b, t, actions), float32."""
        # Near candidates differ little: positions and scores need all their bits.
        with torch.autocast(tokens.device.type, enabled=False):
            x = self.embed(tokens)
        if not torch.is_grad_enabled():
            x, edges = x.to(self.dtype), edges.to(self.dtype)
        mask = torch.zeros_like(valid, dtype=x.dtype)
        mask = mask.masked_fill(~valid, -1e4)[:, None, None]
        for layer in self.layers:
            x = layer(x, edges, mask)
        with torch.autocast(x.device.type, enabled=False):
            x = x.float()
            if self.config.norm == "rms":
                x = rms_norm(x, (x.shape[-1],))
            return linear(x, self.score.weight, self.score.bias)

    @property
    def dtype(self) -> torch.dtype:
        """Precision of the layers."""
        return next(self.layers.parameters()).dtype

    def rounded(self, dtype: torch.dtype) -> Policy:
        """Return a copy to decode with whose layers compute in a precision."""
        copy = deepcopy(self)
        copy.layers.to(dtype)
        return copy


def masked_logits(scores: Tensor, view: View) -> Tensor:
    """Return the scores with those of forbidden actions at -1e9, flattened."""
    return scores.masked_fill(~view.allowed, -1e9).flatten(1)
