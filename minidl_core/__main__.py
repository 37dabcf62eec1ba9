"""The README's ten lines; `python -m minidl_core` runs them and says whether they give what is written.

>>> import minidl_core as dl
>>> x, w = dl.placeholder(name="x"), dl.Variable([[1.0], [-1.0]], name="w")
>>> loss = dl.reduce_sum(dl.square(dl.matmul(x, w)), name="loss")
>>> step = dl.train.GradientDescentOptimizer(learning_rate=0.1).minimize(loss)
>>> session, feed = dl.Session(), {x: [[3.0, 1.0]]}
>>> print(session.run(loss, feed))
4.0
>>> print(dl.compute_gradient(loss)[w].tolist())
[[12.0], [4.0]]
>>> print([type(event).__name__ for event in dl.Stepper(step, feed, session).iteration()][-2:])
['VariableUpdated', 'IterationFinished']
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
