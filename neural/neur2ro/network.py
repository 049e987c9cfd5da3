"""The value network: what the best reaction earns, from a set of items.

With the weight at a price, an accepted item adds no more than it earns beyond its
price, made, repaired or left out; the right price gives the least sum, a bound that is
too large by what a knapsack loses to rounding. The network has such *views* at learned
prices, and corrects what each item adds to each of them; its value is the least view.

Unlike the network of [1]_, whose rectifiers a program must choose sides of, the least
of linear functions costs a program that maximises no binary at all, and the scenario
that is worst for a view is found by sorting.

References
----------
.. [1] J. Dumouchelle, E. Julien, J. Kurtz, E. B. Khalil, "Neur2RO: neural two-stage
   robust optimization", ICLR 2024.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from combkit.neural.networks import load_network, save_network
from combkit.neural.neur2ro.features import FEATURES

__all__ = ["FORMAT", "Config", "ValueNetwork", "load", "save"]

#: Version of features and network; older weights do not fit newer code.
FORMAT = "neur2ro-1"
#: Logarithms of the first and the last price at first.
_PRICES = (-3.0, 1.4)


@dataclass(frozen=True, slots=True)
class Config:
    """Sizes of the network.

    Parameters
    ----------
    hidden : int
        Rectifiers of each of the two layers that see an item.
    views : int
        Number of views.
    """

    hidden: int = 32
    views: int = 32


class ValueNetwork(nn.Module):
    """The network.

    Parameters
    ----------
    config : Config
        Its sizes.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        last = nn.Linear(config.hidden, config.views)
        # At first the bounds themselves.
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.item = nn.Sequential(
            nn.Linear(FEATURES, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
            last,
        )
        self.log_price = nn.Parameter(torch.linspace(*_PRICES, config.views))

    @property
    def prices(self) -> Tensor:
        """Price of a view, what it is worth without any item, shape (views,)."""
        return self.log_price.exp()

    def views(self, features: Tensor) -> Tensor:
        """Return what items add to each view.

        Parameters
        ----------
        features : Tensor, shape (..., 5)
            Features of items.

        Returns
        -------
        Tensor, shape (..., views)
            What they add, but for the division by the number of items.
        """
        dear, lost, weight, heavy = features[..., :4, None].unbind(dim=-2)
        made = dear - lost - self.prices * weight
        repaired = dear - self.prices * heavy
        bound = torch.maximum(made, repaired).clamp(min=0.0)
        added: Tensor = bound + self.item(features)
        return added

    def forward(self, features: Tensor, accepted: Tensor) -> Tensor:
        """Return values, as parts of the sum of outsourcing costs.

        Parameters
        ----------
        features : Tensor, shape (batch, n, 5)
            Features of items, padded with anything.
        accepted : Tensor, shape (batch, n)
            The first stage over the number of items; 0 for padding.
        """
        views = torch.einsum("bn,bnv->bv", accepted, self.views(features)) + self.prices
        value: Tensor = views.amin(dim=-1)
        return value


def save(network: ValueNetwork, path: Path, card: dict[str, Any]) -> None:
    """Write a network and its card, through a temporary file.

    Parameters
    ----------
    network : ValueNetwork
        The network.
    path : Path
        The file, ``.safetensors``.
    card : dict
        Data, seed, command, time, hardware and quality; plain values.
    """
    save_network(path, network, FORMAT, asdict(network.config), card)


def load(path: Path) -> tuple[ValueNetwork, dict[str, Any]]:
    """Read a network, on the CPU, and its card.

    Parameters
    ----------
    path : Path
        The file.

    Raises
    ------
    InstanceFormatError
        If it is missing, damaged or of another version.
    """

    def build(**config: Any) -> ValueNetwork:
        return ValueNetwork(Config(**config))

    return load_network(path, FORMAT, build)
