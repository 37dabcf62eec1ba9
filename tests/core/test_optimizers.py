"""Optimizers: their numbers are those of formulas written out here, and of PyTorch where it is installed."""

import math

import numpy as np
import pytest

import minidl_core as dl
from minidl_core.train import Term

from .messages import message, says
from .test_own_optimizers import own_optimizer

TRAIN = dl.train
NUMBERS = np.random.default_rng(7)
START = NUMBERS.normal(size=(3, 2)), NUMBERS.normal(size=2), np.float64(0.4)

RULES = {
    "gradient descent": lambda **options: TRAIN.GradientDescentOptimizer(0.03, **options),
    "momentum": lambda **options: TRAIN.MomentumOptimizer(0.03, 0.9, **options),
    "nesterov": lambda **options: TRAIN.MomentumOptimizer(0.03, 0.8, nesterov=True, **options),
    "rmsprop": lambda **options: TRAIN.RMSPropOptimizer(0.01, decay=0.95, epsilon=1e-6, **options),
    "adam": lambda **options: TRAIN.AdamOptimizer(0.05, beta1=0.8, beta2=0.99, **options),
    "adamw": lambda **options: TRAIN.AdamWOptimizer(0.05, **{"weight_decay": 0.1, **options}),
}
OPTIONS = {
    "plain": {},
    "decay": {"weight_decay": 0.2},
    "clipped by value": {"clip_value": 0.5, "weight_decay": 0.01},
    "clipped by norm": {"clip_norm": 1.5},
}


def problem():
    """A loss whose gradients are its feeds: whatever is fed comes to the update as it is, and nothing amplifies it."""
    variables = [dl.Variable(value, name=name) for value, name in zip(START, "Wbc", strict=True)]
    inputs = [dl.placeholder(value.shape) for value in START]
    w, b, c = (dl.reduce_sum(variable * x) for variable, x in zip(variables, inputs, strict=True))
    return w + b + c, variables, inputs


def feeds(iteration):
    numbers = np.random.default_rng(iteration)
    return [numbers.normal(size=value.shape) * 10 ** numbers.uniform(-2, 1) for value in START]


def by_hand(rule, options, iterations):
    """The same training in plain NumPy, each rule as its paper, or PyTorch's page, writes it."""
    values, kept = list(START), [[0.0, 0.0] for _ in START]
    decay, bound, length = (options.get(name) for name in ("weight_decay", "clip_value", "clip_norm"))
    for t in range(1, iterations + 1):
        gradients = feeds(t)
        if bound is not None:
            gradients = [np.clip(g, -bound, bound) for g in gradients]
        if length is not None:
            norm = math.sqrt(sum((g**2).sum() for g in gradients))
            gradients = [g * min(1, length / norm) for g in gradients]
        for i, g in enumerate(gradients):
            w, (m, v) = values[i], kept[i]
            if decay is not None and rule != "adamw":
                g = g + decay * w
            match rule:
                case "gradient descent":
                    w = w - 0.03 * g
                case "momentum":
                    v = 0.9 * v + g
                    w = w - 0.03 * v
                case "nesterov":
                    v = 0.8 * v + g
                    w = w - 0.03 * (g + 0.8 * v)
                case "rmsprop":
                    v = 0.95 * v + 0.05 * g**2
                    w = w - 0.01 * g / (np.sqrt(v) + 1e-6)
                case "adam":
                    m, v = 0.8 * m + 0.2 * g, 0.99 * v + 0.01 * g**2
                    w = w - 0.05 * (m / (1 - 0.8**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
                case "adamw":
                    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
                    w = w * (1 - 0.05 * (0.1 if decay is None else decay))
                    w = w - 0.05 * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8)
            values[i], kept[i] = w, [m, v]
    return values


def by_torch(torch, rule, options, iterations):
    values = [torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in START]
    decay = options.get("weight_decay", 0.1 if rule == "adamw" else 0)
    optim = torch.optim
    made = {
        "gradient descent": lambda: optim.SGD(values, lr=0.03, weight_decay=decay),
        "momentum": lambda: optim.SGD(values, lr=0.03, momentum=0.9, weight_decay=decay),
        "nesterov": lambda: optim.SGD(values, lr=0.03, momentum=0.8, nesterov=True, weight_decay=decay),
        "rmsprop": lambda: optim.RMSprop(values, lr=0.01, alpha=0.95, eps=1e-6, weight_decay=decay),
        "adam": lambda: optim.Adam(values, lr=0.05, betas=(0.8, 0.99), weight_decay=decay),
        "adamw": lambda: optim.AdamW(values, lr=0.05, weight_decay=decay),
    }[rule]()
    for t in range(1, iterations + 1):
        for value, gradient in zip(values, feeds(t), strict=True):
            value.grad = torch.tensor(gradient)
        if "clip_value" in options:
            torch.nn.utils.clip_grad_value_(values, options["clip_value"])
        made.step()
    return [value.detach().numpy() for value in values]


def trained(rule, options, iterations=100):
    loss, variables, inputs = problem()
    step, session = RULES[rule](**options).minimize(loss), dl.Session()
    for t in range(1, iterations + 1):
        session.run(step, dict(zip(inputs, feeds(t), strict=True)))
    return session.run(variables)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("rule", RULES)
def test_a_hundred_iterations_are_those_of_the_formulas_written_out(rule, options):
    for ours, theirs in zip(trained(rule, options), by_hand(rule, options, 100), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


# PyTorch adds 1e-6 to the norm that it clips by, so that case is not its
@pytest.mark.parametrize("options", list(OPTIONS.values())[:3], ids=list(OPTIONS)[:3])
@pytest.mark.parametrize("rule", RULES)
def test_a_hundred_iterations_are_those_of_pytorch(rule, options):
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(trained(rule, options), by_torch(torch, rule, options, 100), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)


def test_an_update_carries_its_terms_with_what_the_slots_were_before_and_the_numbers_of_the_settings():
    w = dl.Variable(2.0, name="w")
    optimizer = TRAIN.MomentumOptimizer(0.1, 0.5, clip_norm=2.0, weight_decay=0.25)
    stepper = dl.Stepper(optimizer.minimize(dl.square(w)))
    stepper.run(1)  # G = 4 is clipped to 2, decays to 2.5; v = 2.5, w = 1.75
    [update] = [event for event in stepper.iteration() if isinstance(event, dl.VariableUpdated)]
    assert [(each.term.symbol, each.value, each.before) for each in update.terms] == [
        ("G", 2.0, None),
        ("G", 2.4375, None),
        ("v", 3.6875, 2.5),
        ("step", 0.36875, None),
    ]
    assert [each.term for each in update.terms] == list(optimizer.rule)
    assert update.numbers == {"η": 0.1, "λ": 0.25, "c": 2.0, "β": 0.5, "t": 2, "norm": 3.5}
    assert (update.old, update.gradient, update.learning_rate, update.new) == (1.75, 3.5, 0.1, 1.75 - 0.36875)
    with pytest.raises(TypeError):
        update.numbers["η"] = 1


def test_a_term_in_front_is_there_only_where_its_setting_is():
    optimizer = TRAIN.AdamWOptimizer(0.1)
    symbols = [term.symbol for term in optimizer.rule]
    assert symbols == ["m", "v", "m_hat", "v_hat", "step"]
    optimizer.clip_value = 1.0
    assert [term.symbol for term in optimizer.rule] == ["G", *symbols]
    optimizer.clip_value, optimizer.clip_norm = None, 1.0
    assert optimizer.rule[0].formula == "min(1, c/norm)·G"


def test_the_arrays_of_an_update_cannot_be_written_to():
    w = dl.Variable(np.ones((3, 2)))
    stepper = dl.Stepper(TRAIN.AdamOptimizer(0.1, clip_norm=1.0).minimize(dl.reduce_sum(dl.square(w))))
    for _ in range(2):
        [update] = [event for event in stepper.iteration() if isinstance(event, dl.VariableUpdated)]
        for each in update.terms:
            for array in (each.value, each.before):
                assert array is None or not array.flags.writeable
    assert not any(array.flags.writeable for array in stepper.state().memory.slots[w].values())


def test_two_optimizers_in_one_session_and_one_in_two_sessions_do_not_mix():
    def descent(sessions, steps):
        w = dl.Variable(1.0)
        loss = dl.square(w)
        makers = [TRAIN.MomentumOptimizer(0.1, 0.9) for _ in range(steps)]
        return w, [dl.Session() for _ in range(sessions)], [maker.minimize(loss) for maker in makers]

    w, [one, other], [step] = descent(2, 1)
    for _ in range(3):
        one.run(step)
    other.run(step)
    assert other.run(w) == 0.8
    assert one.memories[step.optimizer].iterations == 3
    w, [session], [first, second] = descent(1, 2)
    session.run(first)  # v = 2, w = 0.8
    session.run(second)  # its own v = 1.6
    assert session.run(w) == 0.8 - 0.1 * 1.6
    # both on one run: the second moves what the first has moved
    session.run([first, second])
    assert session.memories[first.optimizer].iterations == session.memories[second.optimizer].iterations == 2


def test_a_step_made_anew_keeps_the_memory_of_its_optimizer():
    w, optimizer, session = dl.Variable(1.0), TRAIN.MomentumOptimizer(0.1, 0.9), dl.Session()
    for _ in range(2):
        session.run(optimizer.minimize(dl.square(w)))
    assert session.run(w) == 0.8 - 0.1 * (0.9 * 2 + 1.6)


def test_a_state_counts_the_bytes_of_the_slots():
    loss, variables, inputs = problem()
    stepper = dl.Stepper(TRAIN.AdamOptimizer(0.1).minimize(loss), dict(zip(inputs, feeds(1), strict=True)))
    assert stepper.state().memory.nbytes == 0
    stepper.run(1)
    assert stepper.state().memory.nbytes == 2 * 8 * (6 + 2 + 1)
    assert set(stepper.state().memory.slots) == set(variables)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: TRAIN.MomentumOptimizer(0.1, 1.0), "momentum must be a number of 0 or more and below 1, not 1.0."),
        (lambda: TRAIN.AdamOptimizer(0.1, beta2="x"), "beta2 must be a number of 0 or more and below 1, not 'x'."),
        (lambda: TRAIN.AdamOptimizer(0.1, epsilon=0), "epsilon must be a number above 0, not 0."),
        (lambda: TRAIN.RMSPropOptimizer(0.1, decay=-0.1), "decay must be a number of 0 or more and below 1, not -0.1."),
        (
            lambda: TRAIN.GradientDescentOptimizer(0.1, weight_decay=math.inf),
            "weight_decay must be a number of 0 or more, not inf.",
        ),
        (
            lambda: TRAIN.GradientDescentOptimizer(0.1, clip_norm=0.0),
            "clip_norm must be a number above 0, or None, not 0.0.",
        ),
        (
            lambda: TRAIN.GradientDescentOptimizer(0.1, clip_norm=1.0, clip_value=1.0),
            "clip_value and clip_norm cannot both be set; leave one of them None.",
        ),
    ],
)
def test_a_setting_that_is_out_of_its_range(made, said):
    assert message(dl.GraphError, made) == said


def _ends(step):
    """What each path says, and after which event the stepping path says it."""
    events = []
    ways = (
        lambda: dl.Session().run(step),
        lambda: dl.Stepper(step).run(1),
        lambda: events.extend(dl.Stepper(step).iteration()),
    )
    said, *others = [message(dl.NonFiniteError, way) for way in ways]
    assert others == [said, said]
    return said, events[-1]


def test_a_slot_that_overflows_is_named_after_the_event():
    w = dl.Variable([1.0, 1.0], name="w")
    text, last = _ends(TRAIN.AdamOptimizer(0.1).minimize(dl.reduce_sum(w * [1.0, 1e200])))
    says(
        r"variable 'w' HERE: in its update, v = β2·v \+ \(1 - β2\)·G² becomes inf in entry \[1\]; "
        r"clip the gradient, as clip_norm=1\.0 does, or lower the learning rate\.",
        text,
    )
    assert isinstance(last, dl.VariableUpdated)
    assert last.terms[1].value[1] == np.inf


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        ({"weight_decay": 1.0}, "clip the gradient, as clip_norm=1.0 does, or lower the learning rate."),
        ({"clip_norm": 1e200}, "lower clip_norm or the learning rate."),
        ({"clip_value": 1e200, "weight_decay": 1.0}, "lower clip_value or the learning rate."),
        ({"clip_norm": 1.0, "weight_decay": 1.7e308}, "lower weight_decay or the learning rate."),
    ],
)
def test_the_remedy_is_one_that_can_help(options, remedy):
    w = dl.Variable([2.0, 2.0], name="w")
    text, _ = _ends(TRAIN.AdamOptimizer(0.1, **options).minimize(dl.reduce_sum(w * [1.0, 1e200])))
    assert text.endswith(f"; {remedy}")


def test_a_rule_that_makes_nan_of_numbers_is_named_with_its_step():
    w = dl.Variable([1.0, 2.0], name="w")
    own = own_optimizer(lambda g: (g * 0 / (g - 1),), Term("step", "G·0/(G - 1)", ""))
    text, _ = _ends(own.minimize(dl.reduce_sum(w)))
    says(r"variable 'w' HERE: in its update, step = G·0/\(G - 1\) becomes nan in entry \[0\]\.", text)


def test_a_gradient_that_is_not_finite_comes_before_an_update_that_hides_it():
    p = dl.Variable([5e-324, 1.0], name="p")
    text, last = _ends(TRAIN.GradientDescentOptimizer(1e-9, clip_value=1.0).minimize(dl.reduce_sum(dl.log(p))))
    says(r"variable 'p' HERE: its gradient becomes inf in entry \[0\]: .*", text)
    assert isinstance(last, dl.GradientCompleted)


def test_a_norm_whose_square_is_too_large_still_clips():
    w = dl.Variable([1.0, 1.0], name="w")
    step = TRAIN.GradientDescentOptimizer(1.0, clip_norm=5.0).minimize(dl.reduce_sum(w * [3e200, 4e200]))
    session = dl.Session()
    session.run(step)
    np.testing.assert_allclose(session.run(w), [-2.0, -3.0], rtol=1e-12)
