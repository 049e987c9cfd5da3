"""combkit: one front door to combinatorial and mathematical-programming solvers."""
