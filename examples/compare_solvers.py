"""Every installed solver of a kind on one instance, with the same time."""

import combkit as ck

if __name__ == "__main__":
    problem = ck.generate("cvrp", 40, seed=5, family="x")
    print(f"{problem.name}, {problem.n} customers")
    for row in ck.solvers("cvrp"):
        if not row.available:
            print(f"{row.name:<20} needs the extra [{row.extra}]")
            continue
        result = ck.solve(problem, row.name, time_limit=2, seed=1)
        objective = "-" if result.objective is None else f"{result.objective:.0f}"
        print(f"{row.name:<20} {objective:>8}  {result.status}, {result.runtime:.1f} s")
