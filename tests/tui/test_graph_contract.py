"""The contract of the picture on graphs of every kind and size, as the pane lays them out."""

from __future__ import annotations

import pytest

from tests.sample_graphs import LARGE, SMALL
from tui_backprop.debugger.steps import STOPS
from tui_backprop.debugger.timeline import Timeline
from tui_backprop.graph.folded_graph import with_off_path
from tui_backprop.graph.item_views import NAMES, NUMBERS, SHAPES, box_of
from tui_backprop.graph.layout import Layout, NodeBox, lay_out
from tui_backprop.graph.picture import fold_at_first, repeat_leaves
from tui_backprop.programs.program import program_of

from .looking import Looking
from .test_diagram import widths
from .test_layout import check_contract, printed

DRAWN = [name for name in SMALL | LARGE if name != "long-chain"]


def opened_chain() -> Looking:
    looking = Looking(Timeline(program_of(LARGE["long-chain"])).graph)
    looking.look = looking.look._replace(closed=frozenset())
    return looking


def boxes_of(name: str, level: int) -> tuple[list[NodeBox], str]:
    graph = Timeline(program_of((SMALL | LARGE)[name])).graph
    nodes = with_off_path(graph)
    picture = repeat_leaves(fold_at_first(nodes))
    return [box_of(item, graph.shapes, level) for item in picture.items.values()], picture.item_for(graph.loss)


def laid_out(name: str, level: int) -> tuple[list[NodeBox], Layout]:
    boxes, loss = boxes_of(name, level)
    return boxes, lay_out(boxes, loss, gap=0 if level == NAMES else 1)


@pytest.mark.parametrize("level", [NAMES, SHAPES, NUMBERS])
@pytest.mark.parametrize("name", DRAWN)
def test_boxes_apart_and_edges_clear_of_them(name: str, level: int) -> None:
    boxes, layout = laid_out(name, level)
    check_contract(boxes, layout, own_ports=all(len(box.inputs) <= box.height - 2 for box in boxes))


@pytest.mark.parametrize("name", [name for name in DRAWN if not name.startswith("random")])
def test_an_added_node_moves_few_others(name: str) -> None:
    """Beside the spine at most two change their row; nothing left of the added node changes its column."""
    boxes, loss = boxes_of(name, SHAPES)
    before = lay_out(boxes, loss)
    for box in boxes:
        after = lay_out([*boxes, NodeBox("added", (box.name,), 9, 4)], loss)
        down = after.boxes[loss].y - before.boxes[loss].y
        moved = [other.name for other in boxes if after.boxes[other.name].y != before.boxes[other.name].y + down]
        assert len(moved) <= 2
        for place, now in zip(before.boxes.values(), after.boxes.values(), strict=False):
            assert place.x > before.boxes[box.name].x or now.x == place.x


def test_the_pictures_are_the_same_in_every_process() -> None:
    script = (
        "from tests.tui.test_graph_contract import *\n"
        "for name in DRAWN: print(name, laid_out(name, SHAPES)[1])\n"
        "print(opened_chain().drawable)"
    )
    pictures = printed(script, seeds=("0", "1"))
    assert len(pictures) == 1
    assert pictures.pop().endswith(b"False\n")


@pytest.mark.parametrize("name", [*SMALL, *LARGE])
def test_every_phase_fits_every_pane(name: str) -> None:
    timeline = Timeline(program_of((SMALL | LARGE)[name]))
    pane = Looking(timeline.graph)
    for stop in ("step", "step", "phase", "step", "step", "phase", "step", "phase"):
        timeline.forward(STOPS[stop])
        for width, height in [(118, 11), (78, 4), (35, 12), (28, 1), (200, 60)]:
            for diagram in (True, False):
                if diagram and not pane.drawable:
                    continue
                lines = pane.draw(timeline.moment, width, height, diagram=diagram)
                assert len(lines) <= height
                assert max(widths(lines)) <= width


@pytest.mark.parametrize("name", DRAWN)
def test_the_node_of_now_is_in_view_in_every_step(name: str) -> None:
    timeline = Timeline(program_of((SMALL | LARGE)[name]))
    pane = Looking(timeline.graph)
    for _ in range(40):
        timeline.forward(STOPS["step"])
        timeline.forward(STOPS["event"])
        for diagram in (True, False):
            lines = pane.draw(timeline.moment, 80, 11, diagram=diagram)
            assert timeline.moment.now is None or any(style == "now" for line in lines for _, style in line)


def test_a_layout_that_would_take_too_long_is_not_begun() -> None:
    assert not opened_chain().drawable
    assert Looking(Timeline(program_of(LARGE["random-300"])).graph).drawable
