"""Balans: adaptive large neighbourhood search for mixed-integer programs."""
