"""The network that is trained, and what runs without torch."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'neural'")

import torch

from combkit.instances.generators.programs import program
from combkit.neural.forge.canonical import canonical
from combkit.neural.forge.corpus import part_of, view
from combkit.neural.forge.encoder import Encoder
from combkit.neural.forge.graphs import join
from combkit.neural.forge.network import Config, ForgeNetwork, Quantiser, tensors

CPU = torch.device("cpu")


def encoder_of(network: ForgeNetwork) -> Encoder:
    return Encoder({k: v.numpy() for k, v in network.state_dict().items()}, {})


def states_of(network: ForgeNetwork, graph):
    rows, columns, means = tensors(graph, CPU)
    with torch.no_grad():
        return network.states(*network.scaled(rows, columns), means)


def test_numpy_and_torch_agree():
    torch.manual_seed(0)
    network = ForgeNetwork(Config(width=12, rounds=2, codes=8, code_width=4))
    for family in ("auction", "lot-sizing"):
        graph = view(program(12, seed=1, family=family))
        expected = states_of(network, graph)
        found = encoder_of(network).encode(graph)
        for mine, theirs in zip(found[2:], expected, strict=True):
            np.testing.assert_allclose(mine, theirs.numpy(), atol=2e-5)
        for k, (codes, states) in enumerate(zip(found[:2], expected, strict=True)):
            likeness = states @ network.quantisers[k].book.T
            best = likeness.max(dim=1).values.numpy()
            chosen = likeness.numpy()[np.arange(len(codes)), codes]
            np.testing.assert_allclose(chosen, best, atol=1e-4)


def test_programs_side_by_side_do_not_touch():
    torch.manual_seed(1)
    network = ForgeNetwork(Config(width=8, rounds=2, codes=4, code_width=4))
    graphs = [view(program(9, seed=1, family=f)) for f in ("gisp", "auction")]
    together = states_of(network, join(graphs))
    apart = [states_of(network, graph) for graph in graphs]
    for side in range(2):
        joined = torch.cat([part[side] for part in apart])
        torch.testing.assert_close(together[side], joined, atol=1e-5, rtol=1e-4)


def test_products_have_the_gradients_of_dense_ones():
    graph = view(program(8, seed=3, family="auction"))
    mean = tensors(graph, CPU)[2][1]
    dense = torch.tensor(graph.to_rows_by_entry.toarray())
    x = torch.randn(dense.shape[1], 3, requires_grad=True)
    y = x.detach().clone().requires_grad_()
    (mean @ x).square().sum().backward()
    (dense @ y).square().sum().backward()
    torch.testing.assert_close(x.grad, y.grad)


def test_codes_start_at_clusters_and_dead_ones_come_back():
    torch.manual_seed(0)
    centres = torch.nn.functional.normalize(torch.randn(6, 5), dim=1)
    states = centres.repeat(50, 1) + 0.01 * torch.randn(300, 5)
    states = torch.nn.functional.normalize(states, dim=1)
    book = Quantiser(6, 5)
    book.start(states)
    codes = book.eval()(states)[1]
    assert len(set(codes.tolist())) == 6
    assert all(len(set(codes[k::6].tolist())) == 1 for k in range(6))
    # A code that stands for nothing is put at a state.
    book.train()
    book.book[0] = -book.book[1:].mean(dim=0)
    book.counts[0] = 0.0
    for _ in range(3):
        book(states)
    likeness = (states @ book.book.T).max(dim=0).values
    assert likeness.min() > 0.9


def test_parts_have_less_of_everything():
    p = program(60, seed=1)
    rng = np.random.default_rng(0)
    for _ in range(5):
        part = part_of(p, rng)
        assert 0 < part.n <= p.n
        assert 0 < part.m <= p.m
        canonical(part)
