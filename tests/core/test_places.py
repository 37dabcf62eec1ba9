"""A node's place is the line on which it was made, though only where the code stood is noted."""

import sys

import minidl_core as dl


def _line():
    return sys._getframe(1).f_lineno


def test_each_node_has_the_line_on_which_its_call_stands():
    x, y = dl.Variable(1.0), dl.Variable(2.0)
    made = [(x + y, _line())]
    for _ in range(2):
        made += [
            (dl.exp(x), _line()),
            (
                x
                * y,
                _line() - 2,
            ),
        ]  # fmt: skip
    made += [(node, _line()) for node in [x - y]]
    made.append((sum([x, y], x), _line()))
    made.append((dl.multiply(x, 2.0).inputs[1], _line()))
    assert [node.location for node, _ in made] == [f"test_places.py:{line}" for _, line in made]


def test_a_text_that_is_run_is_a_file_of_its_name():
    names = {"dl": dl}
    exec(compile("\n" * 300 + "a = dl.Variable(1.0)\nb = a + a\n", "/somewhere/script.py", "exec"), names)
    assert (names["a"].location, names["b"].location) == ("script.py:301", "script.py:302")


def test_a_place_can_be_said():
    node = dl.Variable(1.0) + 1.0
    node.locate("/somewhere/else.py", 7)
    assert node.location == "else.py:7"


def test_consumers_are_there_whenever_somebody_asks():
    x = dl.Variable(1.0)
    first = x * x
    assert x.consumers == [first]
    assert first.consumers == []
    second = first + x
    assert x.consumers == [first, second]
    assert first.consumers == [second]
