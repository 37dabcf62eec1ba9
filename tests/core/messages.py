"""How the tests read an error: its message, whole, with the place of the node left open."""

import re

import pytest

import minidl_core as dl

HERE = r"\(test_\w+\.py:\d+\)"


def message(kind, action):
    """The message of the error of this kind that the action raises."""
    with pytest.raises(kind) as caught:
        action()
    assert isinstance(caught.value, dl.MinidlError)
    return str(caught.value)


def says(pattern, text):
    assert re.fullmatch(pattern.replace("HERE", HERE), text), text
