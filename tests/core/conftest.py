from types import SimpleNamespace

import pytest

import minidl_core as dl


@pytest.fixture(autouse=True)
def graph():
    """A graph of its own for every test."""
    with dl.Graph().as_default() as graph:
        yield graph


@pytest.fixture
def line():
    """A small graph: J = sum of (x·w) over two features."""
    x = dl.placeholder(name="x")
    fixed = dl.placeholder(shape=(2, 2), name="fixed")
    w = dl.Variable([[1.0], [2.0]], name="w")
    loss = dl.reduce_sum(dl.matmul(x, w, name="scores"), name="J")
    other = dl.reduce_sum(dl.matmul(fixed, w), name="K")
    return SimpleNamespace(x=x, fixed=fixed, w=w, J=loss, K=other, session=dl.Session())
