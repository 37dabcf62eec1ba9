"""The engine in ten lines; `python -m minidl_core` runs them and says whether they give what is written.

>>> import minidl_core as dl
>>> x, c = dl.placeholder(name="x"), dl.placeholder(name="c")
>>> w = dl.Variable([[1.0], [2.0]], name="w")
>>> J = dl.reduce_sum(dl.square(x @ w - c), name="J")
>>> step = dl.train.GradientDescentOptimizer(learning_rate=0.0625).minimize(J)
>>> session, feed = dl.Session(), {x: [[1, 2]], c: [[3]]}
>>> float(session.run(step, feed))
4.0
>>> dl.compute_gradient(J)[w].tolist()
[[4.0], [8.0]]
>>> float(session.run(J, feed))
0.5625
>>> [event.node.name for event in dl.Stepper(step, feed).iteration() if isinstance(event, dl.NodeVisited)]
['J', 'square', 'subtract', 'matmul', 'c', 'x', 'w']
"""

from __future__ import annotations

import doctest
import sys

TEN_LINES = (__doc__ or "").partition("\n\n")[2]


def main() -> int:
    """Run the ten lines; return how many of them gave something else than is written."""
    print(TEN_LINES)
    failed, tried = doctest.testmod(sys.modules[__name__])
    print(f"{tried} lines run, {failed} of them with another result than is written.")
    return failed


if __name__ == "__main__":
    sys.exit(main())
