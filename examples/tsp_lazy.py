"""A tour by lazy constraints: subtours are forbidden only where they appear."""

import networkx as nx
import numpy as np

import combkit as ck


def shortest_tour(points):
    """Return the tour and the number of subtours that had to be forbidden."""
    n = len(points)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    edges = list(zip(*np.triu_indices(n, 1), strict=True))
    model = ck.Model("tour")
    used = model.add_variables(len(edges), kind="binary", name="edge")
    node = np.zeros((n, len(edges)))
    for k, (a, b) in enumerate(edges):
        node[a, k] = node[b, k] = 1
    model.add(node @ used == 2, name="degree")
    model.minimize(used @ np.array([distance[e] for e in edges]))
    forbidden = []

    def subtours(point):
        """Yield a row for each part of the graph that should not stand alone."""
        graph = nx.Graph()
        graph.add_nodes_from(range(n))
        graph.add_edges_from(
            e for e, x in zip(edges, point.value(used), strict=True) if x > 0.5
        )
        for part in nx.connected_components(graph):
            if len(part) < n:
                inside = [k for k, (a, b) in enumerate(edges) if {a, b} <= part]
                forbidden.append(len(part))
                yield used[inside].sum() <= len(part) - 1

    result = model.solve(lazy=subtours, gap=0, time_limit=30)
    tour = nx.Graph([e for e, x in zip(edges, used.value, strict=True) if x > 0.5])
    return result, list(nx.dfs_preorder_nodes(tour, 0)), len(forbidden)


if __name__ == "__main__":
    points = np.random.default_rng(4).random((25, 2))
    result, tour, count = shortest_tour(points)
    print(f"{result.status}: length {result.objective:.4f} after {count} subtours")
    print("tour", *tour)
