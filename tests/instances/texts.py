"""A small valid text of each format, for the tests of readers."""

import json

#: A small valid text of each format that is parsed in this process.
SEEDS = {
    "tsplib": """NAME : t
TYPE : CVRP
DIMENSION : 4
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 10
NODE_COORD_SECTION
1 0 0
2 3 4
3 6.5 8
4 -1 1e1
DEMAND_SECTION
1 0
2 3
3 4
4 5
DEPOT_SECTION
1
-1
EOF
""",
    "vrplib": """NAME : t
TYPE : HFVRP
DIMENSION : 4
VEHICLES : 2
EDGE_WEIGHT_TYPE : EUC_2D
NODE_COORD_SECTION
1 0 0
2 3 4
3 6 8
4 0 5
DEMAND_SECTION
1 0
2 3
3 4
4 5
CAPACITY_SECTION
1 9
2 7
TIME_WINDOW_SECTION
1 0 90
2 0 50
3 10 60
4 5 70
PRIZE_SECTION
1 0
2 0
3 8
4 0
DEPOT_SECTION
1
-1
EOF
""",
    "cordeau": """2 2 2 1
90 8
 1 3 4 5 2 1 4 1 2 4 8
 2 6 8 5 3 1 4 1 2 4 8
 3 0 0 0 0 0 0
""",
    "vroom": json.dumps(
        {
            "vehicles": [{"id": 1, "start_index": 0, "end_index": 0}],
            "jobs": [{"id": 1, "location_index": 1, "service": 5}],
            "matrices": {"car": {"durations": [[0, 1], [1, 0]]}},
        }
    ),
    "li-lim": "3 9 1\n0 0 0 0 0 200 0 0 0\n1 3 4 5 1 40 2 0 2\n2 6 8 -5 0 90 2 1 0\n",
    "fleetmix": """//Lines 1:5 : these comments
//Lines 7:T+6 : per type: number, capacity, fixed cost, cost per distance unit
 2 2 999999.0 0.0 1 1
 1 5 10 1.0
 3 9 20 1.5
 0 0
 3 4 5
 6 8 4
""",
    "rudy": "3 2\n1 2 1\n2 3 -4\n",
    "qaplib": "2\n\n0 3\n1 0\n\n0 5\n2 0\n",
    "jobshop": "2 2\n0 3 1 4\n1 2 0 5\n",
    "taillard": """Nb of jobs, Nb of Machines, Time seed, Machine seed, Upper, Lower
 2 2 840612802 398197754 12 10
Times
 3 4
 2 5
Machines
 1 2
 2 1
""",
    "taillard-flow": """number of jobs, number of machines, seed, upper and lower :
 3 2 873654221 20 15
processing times :
 5 4 3
 1 2 9
""",
    "vrf": "2 2\n0 3 1 4\n0 2 1 5\n",
    "openshop": "2 3\n48 8 4\n39 98 46\n",
    "flexible": "2 2 1.5\n2 1 1 3 2 1 4 2 5\n1 1 2 6\n\n0 1 2\n3 0 4\n5 6 0\n"
    "0 1 2\n3 0 4\n5 6 0\n",
    "assembly": "3 2 2\n0 2\n1 2\n1 0 3\n2 0 4 1 5\n1 1 6\n",
    "patterson": "4 1\n3\n0 0 2 2 3\n4 2 1 4\n5 3 1 4\n0 0 0\n",
    "rcpsp-max": "1 1 0 0\n0 1 1 1 [0]\n1 1 1 2 [4]\n2 1 0\n0 1 0 0\n1 1 4 2\n"
    "2 1 0 0\n3\n",
    "psplib": """jobs (incl. supersource/sink ):  3
RESOURCES
  - renewable                 :  1   R
  - nonrenewable              :  1   N
  - doubly constrained        :  0   D
************
PRECEDENCE RELATIONS:
jobnr.    #modes  #successors   successors
   1        1          1           2
   2        2          1           3
   3        1          0
************
REQUESTS/DURATIONS:
jobnr. mode duration  R 1  N 1
------------
  1      1     0       0    0
  2      1     3       2    1
         2     5       1    0
  3      1     0       0    0
************
RESOURCEAVAILABILITIES:
  R 1  N 1
   2    1
************
""",
    "solomon": "t\n\nVEHICLE\nNUMBER CAPACITY\n2 9\n\nCUSTOMER\nCUST NO. XCOORD.\n\n"
    "0 0 0 0 0 40 0\n1 1 1 4 0 30 2\n2 2 2 5 10 20 2.5\n",
    "knapsack": "3\n0 5 4\n1 6 3\n2 7 9\n10\n",
    "kplib": "\n3\n10\n\n5 4\n6 3\n7 9\n",
    "capital-budgeting": "1 2 1 3.5 7\n3 4\n1 2\n0.5\n0.2\n1\n0.7\n",
    "robust-knapsack": "2 7 1.5\n6 4 2 3 8\n5 1 1 3 7\n",
    "mknap": "2\n2 1 9\n5 6\n3 4\n5\n\n3 2 0\n1 2 3\n1 1 1\n2 2 2\n2 4\n",
    "scp": "3 4\n2 3 1 9\n2\n1 2\n1\n2\n3 1 3\n4\n",
    "rail": "3 4\n2 2 1 3\n3 2 1 2\n1 1 3\n9 1 3\n",
    "dimacs": "c a path\np edge 4 3\nn 2 5\ne 1 2\ne 2 3\ne 3 4\n",
    "dimacs-mis": "p col 4 3\np 1 2\np 2 3\np 3 4\n",
    "dimacs-clique": "p edge 4 3\ne 1 2\ne 2 3\ne 3 4\n",
    "dimacs-vc": "p td 4 3\n1 2\n2 3\n3 4\n",
    "metis": "% weighted\n3 2 11\n7 2 9\n8 1 9 3 9\n5 2 9\n",
    "edgelist": "# a path\n0 1\n1 2\n2 3\n",
    "json": '{"format": "combkit-1", "kind": "kp", "profits": [1, 2], '
    '"weights": [3, 4], "capacity": 5}',
    "mps": """NAME t
ROWS
 N c
 L r
COLUMNS
 x c 1 r 2
RHS
 RHS r 4
BOUNDS
 UP BND x 3
ENDATA
""",
    "lp": "Minimize\n obj: x + 2 y\nSubject To\n c1: x + y >= 1\nBounds\n x <= 4\n"
    "General\n x\nEnd\n",
}
