"""Listen to a run, stop it when it no longer improves, and draw what happened."""

import combkit as ck
from combkit.instances.plot import plot_trace


class Printer(ck.Events):
    """Print every improvement."""

    def on_incumbent(self, solution, objective, time, source):
        print(f"{time:6.2f} s  {objective:10.0f}  {source}")


if __name__ == "__main__":
    problem = ck.generate("tsp", 300, seed=3)
    result = ck.solve(
        problem,
        time_limit=10,
        stop=ck.NoImprovement(3.0),
        events=Printer(),
        seed=1,
    )
    print(result)
    ck.plot(problem, result.solution, "tour.png")
    plot_trace(result, "convergence.png")
