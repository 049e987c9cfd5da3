"""Make the environments of the peers, each its own, with pinned packages.

    python benchmarks/peers/install.py [NAME...]

Without names all are made. They go to $COMBKIT_PEERS, by default ``peers`` in
combkit's cache folder: where ``{peers}`` points in a batch. What is there with the
same requirements is left alone. Run it with the Python that the pins are for, 3.11.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path

from combkit.cli.bench.foreign import peers_folder

REQUIREMENTS = Path(__file__).resolve().parent / "requirements"
#: Copy of the requirements in an environment that is complete.
_MARK = "requirements.txt"


def main(argv: Sequence[str] | None = None) -> int:
    known = sorted(path.stem for path in REQUIREMENTS.glob("*.txt"))
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    names = parser.parse_args(argv).names or known
    for name in names:
        if name not in known:
            parser.error(f"unknown peer {name!r} (known: {', '.join(known)})")
    failed = [name for name in names if not install(name, peers_folder() / name)]
    if failed:
        print(f"not installed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def install(name: str, folder: Path) -> bool:
    """Make an environment unless it is there; return whether it is there now."""
    wanted = (REQUIREMENTS / f"{name}.txt").read_text(encoding="utf-8")
    for line in wanted.splitlines():
        if line.startswith("#"):
            print(f"{name}: {line.lstrip('# ')}", flush=True)
    mark = folder / _MARK
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        print(f"{name}: is there, {folder}", flush=True)
        return True
    if folder.exists() and not (folder / "pyvenv.cfg").is_file():
        print(f"{name}: {folder} is no environment, left alone", file=sys.stderr)
        return False
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, symlinks=True, with_pip=True)
    words = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [folder / "bin" / "python", *words, "-r", REQUIREMENTS / f"{name}.txt"],
        check=False,
    )
    if done.returncode != 0:
        return False
    mark.write_text(wanted, encoding="utf-8")
    print(f"{name}: installed, {folder}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
