"""`python -m bench [NAME …]`: run the measurements, all or those named; each prints what it found."""

import importlib
import os
import pkgutil
import sys

import bench
from siaga import modes

# Not measurements but makers of documents; they want an argument or write a file.
_APART = {"__main__"}


def main() -> int:
    """Run them one after another, each with a headline."""
    os.umask(modes.PRIVATE)  # as every process of a Siaga that is measured
    known = [found.name for found in pkgutil.iter_modules(bench.__path__) if found.name not in _APART]
    measured = [name for name in known if hasattr(importlib.import_module(f"bench.{name}"), "run")]
    wanted = sys.argv[1:] or measured
    unknown = sorted(set(wanted) - set(measured))
    if unknown:
        print(f"no measurement named {', '.join(unknown)}; there are: {', '.join(measured)}", file=sys.stderr)
        return 2
    for name in wanted:
        module = importlib.import_module(f"bench.{name}")
        print(f"\n== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        module.run(lambda line: print(line, flush=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
