"""Optimizers of a stranger: their terms and slots, and what is said of a definition that does not fit together."""

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.train import Term

from .messages import message, says

TRAIN = dl.train


class SignOptimizer(TRAIN.Optimizer):
    """A stranger's own: steps of one size, by the sign of a running mean."""

    beta: float = TRAIN.setting("β", default=0.5, below=1.0)

    terms = (
        Term("m", "β·m + (1 - β)·G", "Which way the gradients mostly point.", is_slot=True),
        Term("step", "η·sign(m)", "Every entry moves by the same."),
    )

    @staticmethod
    def compute(g, m, learning_rate, beta):
        m = beta * m + (1 - beta) * g
        return m, learning_rate * np.sign(m)


def test_a_strangers_optimizer_is_stepped_through_and_runs():
    w = dl.Variable(np.linspace(-1, 1, 6).reshape(3, 2))
    step = SignOptimizer(0.25, weight_decay=0.1).minimize(dl.reduce_sum(dl.square(w) * w))
    assert repr(step.optimizer).endswith(
        "SignOptimizer(learning_rate=0.25, weight_decay=0.1, clip_value=None, clip_norm=None, beta=0.5)"
    )
    fast, slow = dl.Stepper(step), dl.Stepper(step)
    for _ in range(5):
        [*_, finished] = slow.iteration()
        assert fast.run(1) == [finished.loss]
    assert fast.session.run(w).tobytes() == slow.session.run(w).tobytes()


class RisingOptimizer(TRAIN.Optimizer):
    """A stranger's own: a setting decides what is kept."""

    rising: bool = False

    @property
    def terms(self):
        greatest = Term("m", "G²", "", is_slot=True), Term("step", "η·G", "")
        return (Term("v", "G²", "", is_slot=True), *greatest) if self.rising else greatest

    @staticmethod
    def compute(g, learning_rate, rising):
        return (g + 1, g, learning_rate * g) if rising else (g, learning_rate * g)


def test_the_slots_are_those_of_the_terms_as_they_are_now():
    w = dl.Variable(2.0)
    optimizer = RisingOptimizer(0.25)
    fast, slow = (dl.Stepper(optimizer.minimize(dl.square(w))) for _ in range(2))
    for rising, w_slots in ((False, {"m": 4.0}), (True, {"v": 3.0, "m": 2.0}), (False, {"m": 1.0})):
        for stepper in (fast, slow):
            stepper.optimizer.rising = rising
        fast.run(1)
        events = list(slow.iteration())
        assert fast.state().memory.slots[w] == slow.state().memory.slots[w] == w_slots
        [update] = [event for event in events if isinstance(event, dl.VariableUpdated)]
        assert {each.term.symbol: each.value for each in update.terms if each.term.is_slot} == w_slots
        # what was not kept before began as 0
        assert [each.before for each in update.terms if each.term.symbol == "v"] == [0.0] * rising


def own_optimizer(compute, *terms):
    terms = terms or (Term("step", "η·G", ""),)
    made = type("Own", (TRAIN.Optimizer,), {"terms": terms, "compute": staticmethod(compute), "__doc__": ""})
    return made(0.1)


def test_another_compute_does_not_keep_the_promise_of_the_one_before():
    class Halved(TRAIN.GradientDescentOptimizer):
        @staticmethod
        def compute(g, learning_rate):
            return (learning_rate * g / 2,)

    class Renamed(TRAIN.AdamOptimizer): ...

    assert (Halved.unchecked, Renamed.unchecked) == (False, True)


def test_a_definition_that_does_not_fit_together():
    text = message(dl.GraphError, lambda: own_optimizer(lambda g, rate: (g,)))
    assert text == "Own.compute takes rate, but can take only w, g, t, settings and slots of Own."
    text = message(dl.GraphError, lambda: own_optimizer(lambda g, slots: (g,)))
    assert text == "Own.compute takes slots, but can take only w, g, t, settings and slots of Own."
    text = message(dl.GraphError, lambda: own_optimizer(lambda g: (g,), Term("v", "G", "", is_slot=True)))
    assert text == 'the last term of Own must be its step: Term("step", formula, reason).'


@pytest.mark.parametrize(
    ("name", "symbol", "slots", "said"),
    [
        ("gain", "c", "", "the symbol c of gain is that of clip_value; choose another."),
        ("gain", "η", "", "the symbol η of gain is that of learning_rate; choose another."),
        ("gain", "W", "", "the symbol W of gain is that of the variable; choose another."),
        ("gain", "G", "", "the symbol G of gain is that of its gradient; choose another."),
        ("gain", "t", "", "the symbol t of gain is that of the iteration; choose another."),
        ("gain", "norm", "", "the symbol norm of gain is that of the gradients' length; choose another."),
        ("gain", "step", "", "the symbol step of a term is that of gain; choose another."),
        ("gain", "m", "m", "the symbol m of a term is that of gain; choose another."),
        ("t", "κ", "", "t is what an optimizer has already; give the setting another name."),
        ("slots", "κ", "", "slots is what an optimizer has already; give the setting another name."),
        ("gain", "κ", "G", "the symbol G of a term is that of its gradient; choose another."),
        ("gain", "κ", ["gain"], "the symbol gain of a term is that of something else; choose another."),
        ("gain", "κ", "g", "the symbol g of a term is that of something else; choose another."),
        ("gain", "κ", "mm", "the symbol m of a term is that of something else; choose another."),
    ],
)
def test_a_symbol_or_a_name_that_would_stand_for_two_things(name, symbol, slots, said):
    made = {
        "__doc__": "",
        "__annotations__": {name: float},
        name: TRAIN.setting(symbol, default=1.0),
        "terms": (*[Term(slot, "G", "", is_slot=True) for slot in slots], Term("step", "η·G", "")),
        "compute": staticmethod(lambda g: (g,)),
    }
    assert message(dl.GraphError, lambda: type("Own", (TRAIN.Optimizer,), made)(0.1)) == f"Own: {said}"


def test_a_term_may_change_the_gradient():
    own = own_optimizer(lambda g: (g / 2, g / 2), Term("G", "G/2", ""), Term("step", "G", ""))
    session, w = dl.Session(), dl.Variable(4.0)
    session.run(own.minimize(dl.square(w)))
    assert session.run(w) == 0.0


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        (lambda g: (0.1 * g[0],), r"returned \(2,\) for step, but W is \(3,2\); a term has its variable's shape\."),
        (lambda g: 0.1 * g, r"must return a tuple of its terms, step, not array.*"),
        (lambda g: ("down",), r"returned str for step; return an array of numbers\."),
        (lambda g: (1 / 0,), r"raised ZeroDivisionError: division by zero\."),
        (
            lambda g: (g.__imul__(0.1),),
            r"raised ValueError: .*read-only; its arguments belong to others: return new .*",
        ),
    ],
)
def test_a_compute_that_is_wrong_says_the_same_on_every_path(compute, said):
    w = dl.Variable(np.ones((3, 2)), name="W")
    step = own_optimizer(compute).minimize(dl.reduce_sum(dl.square(w)))
    for way in (
        lambda: dl.Session().run(step),
        lambda: dl.Stepper(step).run(1),
        lambda: list(dl.Stepper(step).iteration()),
    ):
        text = message(dl.GraphError, way)
        says(rf"variable 'W' HERE: Own\.compute (?s:{said})", text)


def test_a_slot_and_a_large_step_may_share_their_numbers():
    """The fast path turns a large step into the new value in its place; the slot must not become that, too."""
    w = dl.Variable(np.linspace(0, 1, 5000))
    slots = Term("v", "G", "", is_slot=True), Term("step", "G", "")

    def shared(g):
        v = 0.25 * g
        return v[:], v

    for compute in (shared, lambda g: (shared(g)[1],) * 2, lambda g: (g, g)):
        step = own_optimizer(compute, *slots).minimize(dl.reduce_sum(dl.square(w)))
        fast, slow = dl.Stepper(step), dl.Stepper(step)
        for _ in range(2):
            fast.run(1)
            list(slow.iteration())
            ended = [(s.state().variables[w].tobytes(), s.state().memory.slots[w]["v"].tobytes()) for s in (fast, slow)]
            assert ended[0] == ended[1]
