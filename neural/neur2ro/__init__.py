"""Neur2RO: a learned value of reactions, for two-stage robust knapsacks."""
