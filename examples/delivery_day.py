"""A delivery day: vans that reload, drivers who rest, a plan that explains itself."""

import numpy as np

import combkit as ck


def day():
    """Return a day of 60 parcels, an exchange of a fridge, and a customer far away."""
    rng = np.random.default_rng(7)
    model = ck.RoutingProblem(name="day")
    depot = model.add_depot(50, 50, window=(0, 720), reload_time=15)
    model.add_vehicle_type(
        4,
        capacity=20,
        fixed_cost=60,
        reload_depots=[depot],
        max_reloads=2,
        breaks=[(270, 390, 45)],
    )
    model.add_vehicle_type(
        1, capacity=40, fixed_cost=110, skills=["lift"], breaks=[(270, 390, 45)]
    )
    for x, y in rng.integers(0, 100, (60, 2)):
        start = float(rng.integers(0, 8)) * 60
        model.add_client(
            x, y, delivery=2, service=4, setup=2, windows=[(start, start + 240)]
        )
    # The new fridge goes up before the old one comes down, by the same crew.
    up = model.add_client(70, 20, delivery=8, service=25, skills=["lift"])
    down = model.add_client(70, 20, pickup=8, service=20, skills=["lift"])
    model.lock(up, down)
    model.add_client(300, 300, delivery=2, prize=40)
    model.balance(0.2)
    return model.problem()


def main():
    problem = day()
    result = ck.solve(problem, time_limit=3, seed=1)
    for number, route in enumerate(result.solution.routes, 1):
        table = problem.timetable(route)
        rest = ", ".join(f"{begin:.0f}" for _, begin in table.breaks)
        print(
            f"vehicle {number}: {route.visits.size} stops, {len(route.trips)} trips, "
            f"{table.leave:.0f} to {table.back:.0f}, break at {rest}"
        )
    for client, reason in problem.reasons(result.solution).items():
        print(f"client {client} is not served: {reason}")
    print(f"cost {result.objective:.0f}, violations {problem.check(result.solution)}")


if __name__ == "__main__":
    main()
