"""A feed that is missing, no array of numbers, or does not fit is refused by a message that names its placeholder."""

import numpy as np
import pytest

import minidl_core as dl

from .messages import message, says


def test_a_missing_feed(line):
    text = message(dl.FeedError, lambda: line.session.run(line.J))
    says(r"placeholder 'x' HERE: it has no value; feed it: feed_dict=\{x: \.\.\.\}\.", text)


def test_a_feed_that_nobody_needs(line):
    feeds = {line.x: [[1, 2]], line.fixed: [[1, 2], [3, 4]]}
    text = message(dl.FeedError, lambda: line.session.run(line.J, feeds))
    says(r"placeholder 'fixed' HERE: it is fed, but J does not need it; take it out of feed_dict\.", text)


def test_a_feed_of_the_wrong_shape(line):
    text = message(dl.FeedError, lambda: line.session.run(line.K, {line.fixed: [[1, 2]]}))
    says(r"placeholder 'fixed' HERE: its feed is \(1,2\), but it was made for \(2,2\)\.", text)


def test_a_feed_whose_shape_does_not_fit_what_it_meets(line):
    text = message(dl.ShapeError, lambda: line.session.run(line.J, {line.x: [[1, 2, 3]]}))
    says(
        r"matmul 'scores' HERE: x is \(1,3\) but w is \(2,1\); the columns of x must equal the rows of w\.",
        text,
    )


@pytest.mark.parametrize("feed", [[[1, 2], [3]], "text", [["a", "b"]], None, [[1j, 2]], object()])
def test_a_feed_that_is_no_array_of_numbers(line, feed):
    text = message(dl.FeedError, lambda: line.session.run(line.J, {line.x: feed}))
    says(r"placeholder 'x' HERE: its feed is not an array of numbers: .*\.", text)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_feed_with_a_hole_in_it(line, bad):
    with pytest.raises(dl.NonFiniteError) as caught:
        line.session.run(line.J, {line.x: [[1, 2], [3, bad]]})
    says(rf"placeholder 'x' HERE: it holds {bad} in entry \[1, 1\]; take it out of the data\.", str(caught.value))
    assert caught.value.entry == (1, 1)
    assert caught.value.node is line.x


def test_a_feed_for_something_that_is_no_placeholder(line):
    says(
        r"variable 'w' HERE: it cannot be fed; the keys of feed_dict are placeholders\.",
        message(dl.FeedError, lambda: line.session.run(line.J, {line.w: [[1], [2]]})),
    )
    says(
        r"'x' cannot be fed; the keys of feed_dict are placeholders\.",
        message(dl.FeedError, lambda: line.session.run(line.J, {"x": [[1, 2]]})),
    )


def test_feeds_that_are_no_dictionary(line):
    says(
        r"feed_dict must be a dictionary of placeholders and their data, not \[\[1, 2\]\]\.",
        message(dl.FeedError, lambda: line.session.run(line.J, [[1, 2]])),
    )
