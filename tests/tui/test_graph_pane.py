"""The graph pane against the moments of a training: the pictures that a learner sees, in every size of pane."""

from __future__ import annotations

import pytest

from minidl_core import ContributionAdded, Graph, Variable, add, matmul, placeholder, reduce_sum, sigmoid, square
from tests.sample_graphs import SMALL
from tui_backprop.debugger.steps import after_event, after_step
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.drawing.palette import plain
from tui_backprop.graph.shown import page_start
from tui_backprop.lessons import chain, perceptron, skip, two_paths
from tui_backprop.lessons.lesson import Example, Lesson
from tui_backprop.programs.program import program_of

from .looking import Looking
from .moments import finish
from .random_timelines import lesson_of
from .test_diagram import widths

LESSONS = [perceptron.lesson, chain.lesson, two_paths.lesson, skip.lesson]


def at(phase: str, name: str, iteration: int = 4) -> tuple[Timeline, Looking]:
    timeline = Timeline(program_of(perceptron.lesson))
    finish(timeline, iteration - 1)
    timeline.forward(after_step)
    while (timeline.moment.phase, getattr(timeline.moment.now, "name", None)) != (phase, name):
        timeline.forward(after_step)
    return timeline, Looking(timeline.graph)


def diagram(timeline: Timeline, pane: Looking, width: int = 118, height: int = 11) -> str:
    return "\n" + plain(pane.draw(timeline.moment, width, height, diagram=True))


def tape(timeline: Timeline, pane: Looking, width: int = 35, height: int = 12) -> str:
    return "\n" + plain(pane.draw(timeline.moment, width, height, diagram=False))


def test_forward_at_matmul() -> None:
    moment = at("forward", "matmul")
    assert (
        diagram(*moment)
        == """
  forward: values flow to the right ─►
  ┌───────┐   ┏━━━━━━━┓   ┌───────┐  ┌─────────┐  ┌───────┐   ┌────────┐  ┌──────────┐  ┌────────────┐  ┌──────────┐
  │X data │━━►┃matmul ┃──►│add    │─►│p softmax│─►│log    │──►│multiply│─►│reduce_sum│─►│reduce_sum_1│─►│J negative│
  │(100,2)│ ┏►┃(100,2)┃ ┌►│(100,2)│  │(100,2)  │  │(100,2)│ ┌►│(100,2) │  │(100,)    │  │()          │  │()        │
  └─v✓ g·─┘ ┃ ┗━v► g·━┛ │ └─v· g·─┘  └─v· g·───┘  └─v· g·─┘ │ └─v· g·──┘  └─v· g·────┘  └─v· g·──────┘  └─v· g·────┘
            ┃           │                                   │
  ┌───────┐ ┃ ┌───────┐ │                         ┌───────┐ │
  │W var  │━┛ │b var  │─┘                         │c data │─┘
  │(2,2)  │   │(2,)   │                           │(100,2)│
  └─v✓ g·─┘   └─v· g·─┘                           └─v✓ g·─┘
  v value  g gradient    ✓ done  ► now  · not yet    ━ in use now    ─► value flows"""
    )
    assert (
        tape(*moment)
        == """
  ○     c            (100,2) v✓ g·
+ │ ○   X            (100,2) v✓ g·
+ │ │ ○ W            (2,2)   v✓ g·
► │ ●─┘ matmul       (100,2) v► g·
  │ │ ○ b            (2,)    v· g·
  │ ○─┘ add          (100,2) v· g·
  │ ○   p softmax    (100,2) v· g·
  │ ○   log          (100,2) v· g·
  ○─┘   multiply     (100,2) v· g·
  ○     reduce_sum   (100,)  v· g·
  ○     reduce_sum_1 ()      v· g·
  ○     J negative   ()      v· g·"""
    )


def test_backward_at_b() -> None:
    moment = at("backward", "b")
    assert (
        diagram(*moment)
        == """
  backward: gradients flow to the left ◄─
  ┌───────┐   ┌───────┐   ┌───────┐  ┌─────────┐  ┌───────┐   ┌────────┐  ┌──────────┐  ┌────────────┐  ┌──────────┐
  │X data │──►│matmul │◄──│add    │◄─│p softmax│◄─│log    │◄──│multiply│◄─│reduce_sum│◄─│reduce_sum_1│◄─│J negative│
  │(100,2)│ ┌►│(100,2)│ ┏━│(100,2)│  │(100,2)  │  │(100,2)│ ┌─│(100,2) │  │(100,)    │  │() -96.95   │  │= 96.95   │
  └─v✓ q1─┘ │ └─v✓ g✓─┘ ┃ └─v✓ G✓─┘  └─v✓ g✓───┘  └─v✓ g✓─┘ │ └─v✓ g✓──┘  └─v✓ g✓────┘  └─v✓ g✓──────┘  └─v✓ g✓────┘
            │           ┃                                   │
  ┌───────┐ │ ┏━━━━━━━┓ ┃                         ┌───────┐ │
  │W var  │─┘ ┃b var  ┃◄┛   (2,) ◄ Σ ◄ (100,2)    │c data │◄┘
  │(2,2)  │   ┃(2,)   ┃     one b, in 100 rows    │(100,2)│
  └─v✓ q2─┘   ┗━v✓ g►━┛                           └─v✓ g✓─┘
  v value  g gradient    ✓ done  ► now  q1 q2 place in the queue  · not yet    ◄ gradient went this way  ━ goes now"""
    )
    assert (
        tape(*moment)
        == """
  ○     c            (100,2) v✓ g✓
  │ ○   X            (100,2) v✓ q1
  │ │ ○ W            (2,2)   v✓ q2
  │ ○─┘ matmul       (100,2) v✓ g✓
► │ │ ● b            (2,)    v✓ g►
G │ ○─┘ add          (100,2) v✓ G✓
  │ ○   p softmax    (100,2) v✓ g✓
  │ ○   log          (100,2) v✓ g✓
  ○─┘   multiply     (100,2) v✓ g✓
  ○     reduce_sum   (100,)  v✓ g✓
  ○     reduce_sum_1 ()      v✓ g✓
  ○     J negative   ()      v✓ g✓"""
    )


def test_update_of_w() -> None:
    moment = at("update", "W")
    assert (
        diagram(*moment)
        == """
  update: variables move against their gradients
  ┌───────┐   ┌───────┐   ┌───────┐  ┌─────────┐  ┌───────┐   ┌────────┐  ┌──────────┐  ┌────────────┐  ┌──────────┐
  │X data │◄──│matmul │◄──│add    │◄─│p softmax│◄─│log    │◄──│multiply│◄─│reduce_sum│◄─│reduce_sum_1│◄─│J negative│
  │(100,2)│ ┌─│(100,2)│ ┌─│(100,2)│  │(100,2)  │  │(100,2)│ ┌─│(100,2) │  │(100,)    │  │() -96.95   │  │= 96.95   │
  └─v✓ g✓─┘ │ └─v~ g✓─┘ │ └─v~ g✓─┘  └─v~ g✓───┘  └─v~ g✓─┘ │ └─v~ g✓──┘  └─v~ g✓────┘  └─v~ g✓──────┘  └─v~ g✓────┘
            │           │   ~ = made with the old W and b   │
  ┏━━━━━━━┓ │ ┌───────┐ │                         ┌───────┐ │
  ┃W var  ┃◄┘ │b var  │◄┘                         │c data │◄┘
  ┃(2,2)  ┃   │(2,)   │                           │(100,2)│
  ┗━v► g✓━┛   └─v+ g✓─┘                           └─v✓ g✓─┘
  v value  g gradient    ✓ done  ► now  + updated  ~ out of date    ◄ the gradient went this way"""
    )
    assert "► │ │ ● W            (2,2)   v► g✓\n  │ ○─┘ matmul       (100,2) v~ g✓" in tape(*moment)


def test_skip_connection() -> None:
    with Graph().as_default():
        x = Variable(2, name="x")
        loss = square(add(x, sigmoid(x), name="y"), name="J")
    timeline = Timeline(program_of(lesson_of(Example(loss, {}))))
    for _ in range(2):
        timeline.forward(after_step)
    pane = Looking(timeline.graph)
    assert (
        diagram(timeline, pane, 60, 7)
        == """
  forward: values flow to the right ─►
  ┌──────────┐   ┌──────────┐   ┏━━━━━━━━━━┓  ┌──────────┐
  │x var     │━┱►│sigmoid   │━━►┃y add     ┃─►│J square  │
  │() 2      │ ┃ │() 0.8808 │ ┏►┃() 2.881  ┃  │()        │
  └─v✓ g·────┘ ┃ └─v✓ g·────┘ ┃ ┗━v► g·━━━━┛  └─v· g·────┘
               ┗━━━━━━━━━━━━━━┛
  v value  g gradient    ✓ done  ► now  · not yet"""
    )
    assert (
        diagram(timeline, pane, 50, 4)
        == """
  forward: values flow to the right ─►
    [x ✓· ]━┱►[sigmoid ✓· ]━┳►[y ►· ]─►[J ·· ]
            ┗━━━━━━━━━━━━━━━┛
  v value  g gradient    ✓ done  ► now  · not yet"""
    )


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_moment_fits_every_pane(lesson: Lesson) -> None:
    timeline = Timeline(program_of(lesson))
    pane = Looking(timeline.graph)
    while timeline.moment.iteration == 1:
        timeline.forward(after_event)
        for width, height in [(118, 11), (100, 9), (80, 4), (60, 3), (28, 8), (35, 1), (200, 30)]:
            for shown in (True, False):
                lines = pane.draw(timeline.moment, width, height, diagram=shown)
                assert len(lines) <= height
                assert max(widths(lines)) <= width


def test_stepping_moves_no_box() -> None:
    timeline, pane = at("forward", "matmul")
    before = diagram(timeline, pane)
    timeline.forward(after_step)
    after = diagram(timeline, pane)
    boxes = str.maketrans("┏━┓┃┗┛►◄", "┌─┐│└┘──")
    corners = [[i for i, sign in enumerate(text.translate(boxes)) if sign in "┌┐└┘"] for text in (before, after)]
    assert corners[0] == corners[1]


@pytest.mark.parametrize("shown", [True, False])
def test_the_node_of_now_is_always_in_view(shown: bool) -> None:
    timeline = Timeline(program_of(perceptron.lesson))
    pane = Looking(timeline.graph)
    while timeline.moment.iteration == 1:
        timeline.forward(after_event)
        now = timeline.moment.now
        lines = pane.draw(timeline.moment, 60, 4, diagram=shown)
        marked = "".join(text for line in lines for text, style in line if style == "now")
        assert now is None or now.name in marked


@pytest.mark.parametrize("longest", [1, 4, 9])
@pytest.mark.parametrize("shown", [1, 5, 12, 40])
def test_whatever_fits_stands_whole_on_its_page(shown: int, longest: int) -> None:
    total = 60
    for start in range(total - longest):
        first = page_start(start, shown, total, longest)
        assert 0 <= first <= total - shown
        assert first <= start
        if longest <= shown:
            assert start + longest <= first + shown


def test_a_picture_shows_the_same_page_until_something_leaves_it() -> None:
    assert {page_start(row, 10, 60, 1) for row in range(6)} == {0}
    assert {page_start(row, 10, 60, 1) for row in range(6, 12)} == {4}


def own_lesson(build: object) -> Timeline:
    return Timeline(program_of(Lesson("own", "", lambda _: build(), 0.1)))  # type: ignore[operator]


def test_nodes_off_the_path_are_shown_and_have_no_slot_for_a_gradient() -> None:
    def build() -> Example:
        with Graph().as_default():
            x = Variable(2.0, name="x")
            loss = square(x, name="J")
            sigmoid(add(x, 1, name="y"), name="accuracy")
        return Example(loss, {})

    timeline = own_lesson(build)
    pane = Looking(timeline.graph)
    picture = diagram(timeline, pane, 80, 13)
    assert "accuracy" in picture
    assert picture.count("g·") == 2
    lines = pane.draw(timeline.moment, 40, 10, diagram=False)
    assert [line[4][1] for line in lines] == ["variable", "text", "dim", "dim", "dim"]


def test_a_weight_beside_each_use_has_one_heavy_edge() -> None:
    timeline = Timeline(program_of(SMALL["recurrent"]))
    pane = Looking(timeline.graph)
    while not (timeline.moment.phase == "backward" and timeline.moment.now.name == "W"):  # type: ignore[union-attr]
        timeline.forward(after_step)
    for last in range(6, 0, -1):
        picture = diagram(timeline, pane, 60, 20)
        assert f"┃W {last}/6" in picture
        contributed = timeline.moment.event
        assert isinstance(contributed, ContributionAdded)
        assert contributed.consumer.name == f"m{last}"
        timeline.forward(after_step)


def test_between_folded_scopes_the_arrow_turns_when_a_gradient_went() -> None:
    timeline = Timeline(program_of(SMALL["two-layers"]))
    pane = Looking(timeline.graph)
    pictures = []
    while timeline.moment.phase != "update":
        timeline.forward(after_step)
        picture = diagram(timeline, pane).splitlines()[3]
        if not pictures or picture != pictures[-1]:
            pictures.append(picture.translate(str.maketrans("━┃", "─│")))
    assert "│─►│layer1/│─►│layer2/│──►│loss/" in pictures[0]
    assert "│◄─│layer1/│◄─│layer2/│◄──│loss/" in pictures[-1]


def test_the_same_node_twice_and_a_note_of_a_matrix_product() -> None:
    def build() -> Example:
        with Graph().as_default():
            a = Variable([[1.0, 2.0], [3.0, 4.0]], name="A")
            x = placeholder((2, 3), name="X")
            loss = reduce_sum(matmul(matmul(a, a, name="AA"), x, name="Y"), name="J")
        return Example(loss, {x: [[1, 2, 3], [4, 5, 6]]})

    timeline = own_lesson(build)
    pane = Looking(timeline.graph)
    while not (timeline.moment.phase == "backward" and timeline.moment.now.name == "X"):  # type: ignore[union-attr]
        timeline.forward(after_event)
    timeline.forward(after_event)
    picture = diagram(timeline, pane, 118, 11)
    assert "◄" in picture
    assert "│A var     │" not in picture
    assert "│A var  │─┬►│AA matmul│" in picture


@pytest.mark.parametrize("boxes", [True, False])
def test_arrows_go_by_what_is_shown_however_it_is_folded(boxes: bool) -> None:
    timeline = Timeline(program_of(SMALL["two-layers"]))
    timeline.forward(after_step)
    for direction in ("left", "right", "up", "down"):
        pane = Looking(timeline.graph)
        for _ in range(3):
            shown = pane.show(timeline.moment, 118, 20, diagram=boxes)
            pane.look, message = shown.toggle_all(pane.foldings)
            assert message is None
            pane.look = pane.show(timeline.moment, 118, 20, diagram=boxes).move(direction)
            shown = pane.show(timeline.moment, 118, 20, diagram=boxes)
            assert shown.in_focus in shown.picture.items
            pane.draw(timeline.moment, 118, 20, diagram=boxes)


def test_arrows_tell_on_which_sides_there_is_more() -> None:
    timeline, pane = at("forward", "add")

    def more(width: int, height: int, boxes: bool = True) -> str:
        return pane.show(timeline.moment, width, height, diagram=boxes).more

    assert more(118, 11) == ""
    pane.look = pane.look._replace(level=pane.show(timeline.moment, 118, 11, diagram=True).other_level(1))
    for columns, rows, sides in ((-200, -200, "►▼"), (20, 2, "◄►▲▼"), (200, 200, "◄▲")):
        pane.look = pane.show(timeline.moment, 60, 4, diagram=True).pan(columns, rows)
        assert more(60, 4) == sides
    pane.look = pane.look.select(None)
    assert more(35, 12, False) == ""
    assert more(35, 5, False) == "▲▼"


def test_a_sign_of_the_legend_has_the_style_that_it_has_in_the_picture() -> None:
    timeline, pane = at("backward", "b")
    lines = pane.draw(timeline.moment, 118, 11, diagram=True)
    *picture, legend = lines
    shown = {text: style for text, style in legend if len(text) == 1 and text.strip()}
    for sign in "◄✓":
        styles = {style for line in picture for text, style in line if text.strip("─vgG ") == sign and style != "flow"}
        assert shown[sign] in styles, (sign, styles)
