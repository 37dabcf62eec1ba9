import pytest

import minidl_core as dl


@pytest.fixture(autouse=True)
def graph():
    """A graph of its own for every test."""
    with dl.Graph().as_default() as graph:
        yield graph
