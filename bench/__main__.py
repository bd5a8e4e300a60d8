"""`python -m bench [name ...]`: runs the named measurements, or all of them, and prints ratios."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import bench
from bench.ground import ground

HELPERS = {"ground", "bare_subscriber", "publisher", "served", "twins"}


def main(arguments: list[str]) -> int:
    """Each measurement is a module of this folder with `run(ground)`."""
    known = [m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in HELPERS and m.name != "__main__"]
    unknown = set(arguments) - set(known)
    if unknown:
        print(f"No measurement {', '.join(sorted(unknown))}; there are {', '.join(known)}.")
        return 2
    with ground() as here:
        for name in arguments or known:
            module = importlib.import_module(f"bench.{name}")
            print(f"\n{name}: {(module.__doc__ or '').strip().splitlines()[0]}", flush=True)
            module.run(here)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
