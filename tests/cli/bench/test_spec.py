"""A spec is taken as it is meant, or refused with the place and the reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from combkit.cli.bench.spec import parse_spec
from combkit.instances.errors import UsageError

_TAIL = """
[[instances]]
files = ["a.tsp"]
[[solver]]
name = "greedy"
"""


def parse(text, tmp_path):
    return parse_spec(text, folder=tmp_path, name="batch", where="batch.toml")


def test_defaults(tmp_path):
    spec = parse(_TAIL, tmp_path)
    assert spec.name == "batch"
    assert spec.seeds == (0,)
    assert spec.limits.time == 60.0
    assert spec.limits.grace == 5.0  # 5 % and two seconds
    assert spec.limits.memory is None
    assert [s.label for s in spec.solvers] == ["greedy"]


def test_grid_is_a_product_with_labels(tmp_path):
    text = """
    [[instances]]
    generate = "tsp"
    n = [10, 20]
    [[solver]]
    name = "highs"
    label = "h"
    params = {presolve = "on"}
    grid = {a = [1, 2], b = ["x", true]}
    """
    solvers = parse(text, tmp_path).solvers
    assert [s.label for s in solvers] == [
        "h[a=1,b=x]",
        "h[a=1,b=true]",
        "h[a=2,b=x]",
        "h[a=2,b=true]",
    ]
    assert solvers[1].params == {"presolve": "on", "a": 1, "b": True}


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ('"4 GB"', 4 * 10**9),
        ('"1.5GiB"', 3 * 2**29),
        ('"200 kB"', 200_000),
        ("1000", 1000),
    ],
)
def test_sizes(tmp_path, text, size):
    assert parse(f"[limits]\nmemory = {text}\n{_TAIL}", tmp_path).limits.memory == size


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a = ", "batch.toml: Invalid value"),
        (f"sedes = 3\n{_TAIL}", "batch.toml: sedes: unknown key; did you mean 'seeds'"),
        (f"[limits]\ntime = 0\n{_TAIL}", "limits.time: 0 is not a positive number"),
        (f"[limits]\ntime = -1\n{_TAIL}", "limits.time: -1 is not a positive"),
        (f"[limits]\ntime = nan\n{_TAIL}", "limits.time: nan is not a positive"),
        (f"[limits]\ntime = inf\n{_TAIL}", "limits.time: inf is not a positive"),
        (f"[limits]\nthreads = 0\n{_TAIL}", "limits.threads: 0 is not"),
        (f"[limits]\ntim = 1\n{_TAIL}", "limits.tim: unknown key; did you mean 'time'"),
        (f'[limits]\nmemory = "4 XB"\n{_TAIL}', "limits.memory: '4 XB' is not a size"),
        (f'[limits]\nmemory = "0 GB"\n{_TAIL}', "limits.memory: '0 GB' is not"),
        (f"[limits]\niterations = 0\n{_TAIL}", "limits.iterations: 0 is not"),
        (f"seeds = 0\n{_TAIL}", "seeds: 0 seeds"),
        (f"seeds = [1, 1]\n{_TAIL}", "seeds: must be"),
        (f"seeds = [-1]\n{_TAIL}", "seeds: -1 is not"),
        (f'executor = "rai"\n{_TAIL}', "did you mean 'ray'"),
        (f"workers = 0\n{_TAIL}", "workers: 0 is not"),
        (f"pin = 1\n{_TAIL}", "pin: 1 is not true or false"),
        ('[[solver]]\nname = "greedy"\n', "instances: at least one"),
        ('[[instances]]\nglob = "*"\n', "solver: at least one"),
        ('[[instances]]\n[[solver]]\nname = "a"\n', "exactly one of the keys"),
        (
            '[[instances]]\nglob = "*"\nset = "a"\n[[solver]]\nname = "a"\n',
            "instances[1].glob: a table has exactly one",
        ),
        (
            '[[instances]]\ngenerate = "tsp"\n[[solver]]\nname = "a"\n',
            "size to generate",
        ),
        (f'{_TAIL}\n[[solver]]\nname = "greedy"\n', "two solvers have the label"),
        (f"{_TAIL}\nparam = {{}}\n", "solver[1].param: unknown key; did you mean"),
        (f"{_TAIL}\nparams = {{seed = 1}}\n", "solver[1].params.seed: use seeds"),
        (f"{_TAIL}\ngrid = {{k = 1}}\n", "solver[1].grid.k: is not a non-empty"),
        (f"{_TAIL}\n[[solver]]\nparams = {{}}\n", "solver[2].name: a solver needs"),
        (f'{_TAIL}\n[[solver]]\ncommand = ["x"]\n', "solver[2].label: a solver needs"),
        (
            f'{_TAIL}\n[[solver]]\nlabel = "x"\ncommand = ["x", "{{instanc}}"]\n'
            'version = "1"\n',
            "did you mean 'instance'",
        ),
    ],
)
def test_bad_specs(tmp_path, text, reason):
    with pytest.raises(UsageError) as caught:
        parse(text, tmp_path)
    assert reason in str(caught.value)
    assert str(caught.value).startswith("batch.toml: ")


@given(st.text(max_size=200))
def test_any_text_is_a_spec_or_an_error(text):
    from pathlib import Path

    try:
        parse(text, Path("/"))
    except UsageError as error:
        assert str(error).startswith("batch.toml: ")
