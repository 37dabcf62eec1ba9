"""The gradient check on 10,000 random graphs, none of which has a wrong gradient: it must not cry wolf.

python benchmarks/gradient_check.py [how many]
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import minidl_core as dl
from tests.core.random_graphs import random_recipe


def main() -> None:
    graphs = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    verdicts: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in range(graphs):
        nodes, variables = random_recipe(Random(seed), most=15).build()
        loss = nodes[-1]
        dl.Session().run(loss)
        leading = dl.compute_gradient(loss)
        for variable in variables:
            for check in dl.check_gradient(loss, variable) if variable in leading else ():
                verdicts[check.verdict] += 1
                if not check.agrees:
                    print(f"graph {seed}: {check}")
    seconds = time.perf_counter() - started
    print(f"{graphs:,} graphs, {verdicts.total():,} elements in {seconds:.0f} s: {dict(verdicts)}")
    sys.exit(bool(verdicts["differs"]))


if __name__ == "__main__":
    main()
