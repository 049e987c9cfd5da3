"""Learned construction by the bisimulation-quotiented decision process (BQ)."""
