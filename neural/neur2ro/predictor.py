"""The network on one instance: values, what items add to views, worst scenarios."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from combkit.instances.robust.knapsack import RobustKnapsack
from combkit.neural.neur2ro.features import Items
from combkit.neural.neur2ro.network import ValueNetwork

__all__ = ["Predictor"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Predictor:
    """Predicts what the best reaction earns, in the instance's own money.

    Parameters
    ----------
    network : ValueNetwork
        The network, on any device.
    problem : RobustKnapsack
        The instance.
    """

    def __init__(self, network: ValueNetwork, problem: RobustKnapsack) -> None:
        self.problem, self._network = problem, network
        self._items = Items(problem)
        self._device = next(network.parameters()).device
        with torch.no_grad():
            prices = network.prices.double().cpu().numpy()
        #: What each view is worth without any item.
        self.base: Floats = prices * self._items.scale
        whole = np.ones(problem.n)
        self._loss = self.added(np.zeros(problem.n)) - self.added(whole)

    def added(self, scenarios: Floats) -> Floats:
        """Return what each accepted item adds to each view.

        Parameters
        ----------
        scenarios : ndarray of float64, shape (..., n)
            The scenarios.

        Returns
        -------
        ndarray of float64, shape (..., n, views)
            What it adds.
        """
        features = torch.from_numpy(self._items.features(scenarios)).float()
        with torch.inference_mode():
            views = self._network.views(features.to(self._device))
        money = self._items.scale / self.problem.n
        added: Floats = views.double().cpu().numpy() * money
        return added

    def value(self, accepted: Flags, scenarios: Floats) -> Floats:
        """Return what the best reaction is thought to earn.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            The accepted items.
        scenarios : ndarray of float64, shape (k, n)
            The scenarios.

        Returns
        -------
        ndarray of float64, shape (k,)
            The values.
        """
        views = np.einsum("i,kiv->kv", accepted.astype(float), self.added(scenarios))
        value: Floats = (views + self.base).min(axis=1)
        return value

    def worst(self, accepted: Flags) -> tuple[float, Floats]:
        """Return the scenario that the network fears most, and its value.

        For each view, whole deviations go to the items that lose most by them, what is
        left of the budget to the next one: the worst of these scenarios is returned.

        Parameters
        ----------
        accepted : ndarray of bool, shape (n,)
            The accepted items.
        """
        problem = self.problem
        loss = np.where(accepted[:, None], self._loss, -np.inf)
        order = np.argsort(-loss, axis=0, kind="stable")
        whole = min(int(problem.budget), problem.n)
        scenarios = np.zeros((self.base.size, problem.n))
        rows = np.arange(self.base.size)
        scenarios[rows[:, None], order[:whole].T] = 1.0
        if whole < problem.n:
            scenarios[rows, order[whole]] = problem.budget - whole
        scenarios *= accepted
        scenarios = np.unique(scenarios, axis=0)
        values = self.value(accepted, scenarios)
        k = int(np.argmin(values))
        return float(values[k]), scenarios[k]
