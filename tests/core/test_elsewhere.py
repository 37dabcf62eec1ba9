"""What people remember of TensorFlow 1 works where it means the same; else the message names the way here."""

import pytest

import minidl_core as dl
from minidl_core.elsewhere import WAYS


@pytest.mark.parametrize("name", WAYS)
def test_a_name_from_elsewhere_says_what_it_is_here(name):
    with pytest.raises(AttributeError, match=f"minidl_core has no {name}: "):
        getattr(dl, name)


def test_an_unknown_name_is_said_plainly():
    with pytest.raises(AttributeError, match=r"^minidl_core has no nothing\.$"):
        _ = dl.nothing
    assert not hasattr(dl, "__wrapped__")


def test_a_session_in_a_block_and_a_graph_by_its_default():
    graph = dl.Graph().as_default()
    with graph, dl.Session() as session:
        w = dl.Variable(2.0)
        assert session.run(fetches=w) == 2
    assert graph.nodes == [w]


@pytest.mark.parametrize(
    "optimizer", [dl.train.GradientDescentOptimizer(0.5), dl.train.AdamOptimizer(0.5, clip_norm=1)]
)
def test_a_part_can_be_frozen(optimizer):
    w, v = dl.Variable(2.0, name="w"), dl.Variable(3.0, name="v")
    step = optimizer.minimize(dl.square(w) + dl.square(v), var_list=[w])
    alone = dl.Variable(2.0)
    other = type(optimizer)(0.5, clip_norm=optimizer.clip_norm).minimize(dl.square(alone))
    session, stepper, traced = dl.Session(), dl.Stepper(step), dl.Stepper(step)
    for _ in range(3):
        session.run([step, other])
        stepper.run(1)
        updated = [event.node for event in traced.iteration() if isinstance(event, dl.VariableUpdated)]
        assert updated == [w]
        assert session.run(w) == session.run(alone) == stepper.session.run(w) == traced.session.run(w)
        assert session.run(v) == stepper.session.run(v) == traced.session.run(v) == 3
    assert step.variables == [w]


@pytest.mark.parametrize("second", [[dl.Variable(1.0)], 3])
def test_variables_in_the_place_of_the_name_say_how_they_are_given(second):
    with pytest.raises(dl.GraphError, match=r"minimize\(loss, var_list=\[w\]\)"):
        dl.train.GradientDescentOptimizer(0.5).minimize(dl.square(dl.Variable(2.0)), second)


@pytest.mark.parametrize("var_list", [[], 3, "w", ["w"], [dl.Variable(1.0)]])
def test_a_list_of_other_things_is_refused(var_list):
    loss = dl.square(dl.Variable(2.0))
    with pytest.raises(dl.GraphError, match="var_list"):
        dl.train.GradientDescentOptimizer(0.5).minimize(loss, var_list=var_list)
