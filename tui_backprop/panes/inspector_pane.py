"""The inspector as a pane: a question that stands, the score, a folded scope, a pane without a place, or a view."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from operator import itemgetter

from ..debugger.moment import Moment
from ..drawing.palette import Line
from ..inspector import draw_in_full, draw_inspector, inspector_title, views
from ..inspector.folded_view import draw_folded
from ..inspector.list_view import draw_list, followed_element
from ..narration.messages import verdict_beside
from ..notation.fitting import first_that_fits, name_keys, prose, width_of
from ..notation.names import called
from ..session import Viewer
from .frame import TITLE_EDGES
from .graph_pane import arrows
from .pane import Pane, Size, indented
from .question_pane import draw_answers, draw_question, draw_score


class InspectorPane(Pane):
    """Explains the node in view; `others` are the panes that it shows where they have no place of their own."""

    name = "inspector"

    def __init__(self, others: Sequence[Pane]) -> None:
        self._others = {pane.name: pane for pane in others}

    def prepare(self, moment: Moment, viewer: Viewer) -> bool:
        """Go on with the work for a pane that it shows."""
        other = self._other(viewer)
        return other is not None and other.prepare(moment, viewer)

    def depends_on(self, moment: Moment, viewer: Viewer) -> Hashable:
        """Return what a pane that it shows depends on; anything else is drawn always."""
        other = self._other(viewer)
        if other is None or (depends_on := other.depends_on(moment, viewer)) is None:
            return None
        return other.name, depends_on, _reason(viewer)

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return what is in view, and which other views there are."""
        quiz = viewer.session.quiz
        move = viewer.session.driving.move
        if move is not None:
            return [("Your move", "title"), (f"   {move.question.kind}", "dim")], []
        if quiz.question is not None:
            return [("Question", "title"), (f"   {quiz.question.kind}", "dim")], []
        if viewer.sees_score:
            who = "You drive" if quiz.mode == "drive" else "Ask me first"
            return [(who, "title"), ("   the score", "dim")], []
        if viewer.answers_seen is not None:
            return [("The class", "title"), (f"   {viewer.answers_seen.question.kind}", "dim")], []
        here = arrows(here=not viewer.in_graph)
        if viewer.scope is not None:
            return [*here, (viewer.scope.title, "title")], []
        other = self._other(viewer)
        if other is not None:
            return other.title(moment, viewer, size)
        view, tabs = viewer.shown_view, []
        for name in (*views(moment, viewer.node), *(["check"] if view == "check" else [])):
            tabs += [(f"[{name}]", "title") if name == view else (name, "dim"), (" ", "dim")]
        titles = inspector_title(moment, view, viewer.node), *_names(moment, viewer)
        room = size.width - TITLE_EDGES - 1 - width_of(here)
        # where there is no room for the views beside it, only the one that shows is named, here or in the title
        least = titles[0] if f"[{view}]" not in map(itemgetter(0), tabs) else min(titles, key=width_of)
        if width_of(tabs[:-1]) + width_of(least) > room:
            tabs = [tab for tab in tabs if tab[1] == "title"] + [(" ", "text")]
        return [*here, (first_that_fits(room - width_of(tabs[:-1]), *titles), "title")], tabs[:-1]

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw it; above stands why the answer to the last question, or the verdict of a hunt, is what it is."""
        reason = _reason(viewer)
        above = indented(prose(reason, size.width - 1, "title", indent=2)) if reason else []
        below = self._draw_below(moment, viewer, size._replace(height=size.height - len(above)))
        return [*above, *(name_keys(line, viewer.keys, size.width) for line in below)]

    def _draw_below(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        quiz, width, height = viewer.session.quiz, size.width - 1, size.height
        driving = viewer.session.driving
        if driving.move is not None:
            from .driving_pane import draw_move  # nobody has to drive, and it needs what works moves out

            return indented(draw_move(driving, driving.move, viewer.keys, width, height))
        if quiz.question is not None:
            return indented(draw_question(quiz, quiz.question, viewer.keys, width, height))
        if viewer.sees_score:
            return indented(draw_score(quiz.score, viewer.keys, width, height))
        if viewer.answers_seen is not None:
            return indented(draw_answers(viewer.answers_seen, viewer.keys, width, height))
        if viewer.scope is not None:
            element = followed_element(viewer.scope, viewer.followed)
            if element is not None:
                return indented(draw_list(viewer.scope, element, moment, viewer.followed, width, height))
            return indented(draw_folded(viewer.scope, moment, width, height))
        other = self._other(viewer)
        if other is not None:
            return other.draw(moment, viewer, size)
        view, followed, node = viewer.shown_view, viewer.followed, viewer.node
        full = draw_in_full(moment, view, followed, width, node)[: height - 1] if viewer.in_full else []
        shown = draw_inspector(moment, view, followed, width, height - len(full), node, viewer.other_views)
        return indented([*full, *shown])

    def _other(self, viewer: Viewer) -> Pane | None:
        quiz = viewer.session.quiz
        summary = viewer.sees_score or viewer.answers_seen is not None
        taken = quiz.question is not None or summary or viewer.scope is not None
        return None if taken or viewer.view not in viewer.other_views else self._others.get(viewer.view or "")


def _names(moment: Moment, viewer: Viewer) -> list[str]:
    """Return shorter titles than that of the view: the name of the node with its operation, and alone."""
    node = moment.now if viewer.node is None else viewer.node
    if node is None:
        return []
    named_after = node.name.rpartition("/")[2].startswith(node.kind)
    return [called(node)] if named_after else [f"{called(node)}   {node.kind}", called(node)]


def _reason(viewer: Viewer) -> str:
    outcome, message = viewer.session.quiz.outcome, viewer.session.message
    if message is not None and message.kind == "hunt":
        return verdict_beside(message.data)
    return "" if outcome is None else outcome.reason
