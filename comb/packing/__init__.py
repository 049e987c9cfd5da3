"""Packing: the 0-1 knapsack."""
