"""Column-and-constraint generation for two-stage robust problems."""
