"""Solvers of independent set, vertex cover and clique."""
