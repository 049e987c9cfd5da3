"""Which known model is a new one like? An index, a gap foretold, hints, a solver.

A planner keeps her models in an index. A new file arrives, written by another program:
rows in another order and scale, maximised instead of minimised. The index finds what it
is, a second at the root tells how far the optimum can be, hints tell which sites will
open, and a recommendation who should solve it.
"""

import numpy as np
import scipy.sparse as sp

import combkit as ck

index = ck.Index()
for family in ("set-cover", "auction", "facility", "lot-sizing", "knapsack"):
    for seed in range(3):
        model = ck.generate("mip", 60, seed=seed, family=family)
        index.add(ck.embed(model), group=family)

known = ck.generate("mip", 60, seed=1, family="facility")
rng = np.random.default_rng(0)
rows, columns = rng.permutation(known.m), rng.permutation(known.n)
factor = rng.choice([0.5, 2.0, 10.0], known.m)
new = ck.MIP(
    -known.c[columns],
    (sp.diags_array(factor) @ known.A)[rows][:, columns],
    (factor * known.row_lower)[rows],
    (factor * known.row_upper)[rows],
    known.lower[columns],
    known.upper[columns],
    known.integrality[columns],
    maximize=True,
    name="from elsewhere",
)
for match in index.similar(ck.embed(new), k=3):
    same = ", the same but for how it is written" if match.same else ""
    print(f"{match.cosine:.3f}  {match.name} ({match.group}){same}")

found = ck.predict_gap(new)
print(
    f"relaxation {found.relaxed:.1f}, optimum about {found.objective:.1f}, "
    f"in {found.objective_low:.1f} .. {found.objective_high:.1f}"
)

sure = ck.hints(new).surest(5)
for j, value, chance in zip(sure.columns, sure.values, sure.confidence, strict=True):
    print(f"{new.col_name(j)} = {value:.0f}, right in {chance:.1%} of such cases")

solver = ck.recommend(new)[0].choice
best = ck.solve(new, solver.solver, time_limit=10, **solver.options)
print(f"{solver.label}: {best.objective:.1f}, {best.status.value}")
