"""Solvers for routing problems: tsp, atsp, cvrp."""
