"""The page of a lesson that is open, and the sign by which it points at a pane."""

from __future__ import annotations

from ..debugger.moment import Moment
from ..drawing.glyphs import DONE, RIGHT
from ..drawing.palette import Line
from ..lessons.lesson import PICTURE_NAMES
from ..lessons.pages import VIEW_NAMES
from ..narration.messages import remedies
from ..notation.fitting import prose, width_of
from ..session import Viewer
from .frame import TITLE_EDGES
from .page_rows import draw_page
from .pane import Pane, Size, indented

_HIDDEN = "The question hides this page, which may answer it. It comes back with the answer."
_HIDDEN_FROM_DRIVER = "This page may answer what is asked of you. It comes back when you drive no more."


class PagePane(Pane):
    """The open page of the lesson; it has a place only while one is open."""

    name = "page"

    def title(self, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
        """Return which page it is, and the keys that turn it."""
        reading, keys = viewer.reading, viewer.keys
        of_goal = reading.page is None
        number = "" if of_goal else f"   {reading.number + 1} of {len(reading.lesson.pages)}"
        left: Line = [("Goal" if of_goal else "Page", "title"), (number, "dim")]
        if reading.reached:
            left.append((f"   {DONE} goal reached", "done"))
        elif is_hidden(viewer):
            drives = viewer.session.driving.is_on
            left.append(
                ("   hidden while you drive" if drives else "   hidden: the step's question comes first", "now")
            )
        elif reading.question is not None and not reading.question.choices and not reading.right:
            left.append(("   type a number, then Enter", "key"))
        then = reading.lesson.then
        leads = of_goal and reading.reached and then is not None and then.lesson
        opens = ("lessons", f"and Enter open {then.lesson}") if leads and then is not None else None
        left_over = reading.count - reading.number - 1
        on = ("page", "next page" if left_over > 1 or not reading.goal else "the goal" if left_over else "closes it")
        back = ("page back", "back") if reading.number else None
        right = remedies(keys, *filter(None, (opens, on, back)), between="  ")
        fits = width_of(left) + len(right) + TITLE_EDGES < size.width
        return left, [(right, "key")] if fits else []

    def draw(self, moment: Moment, viewer: Viewer, size: Size) -> list[Line]:
        """Draw the page, and below it what there is to answer, or what is said to the answer."""
        width = size.width - 2
        if is_hidden(viewer):
            lines = prose(_HIDDEN_FROM_DRIVER if viewer.session.driving.is_on else _HIDDEN, width)
        else:
            lines = draw_page(viewer.reading, width)
        return indented(lines[: size.height])


def is_hidden(viewer: Viewer) -> bool:
    """Return whether the page is out of sight, because a question about the step stands, which it may answer."""
    return viewer.session.quiz.question is not None and viewer.reading.page is not None


def title_of(pane: Pane, moment: Moment, viewer: Viewer, size: Size) -> tuple[Line, Line]:
    """Return the title of a pane, marked where the page that is open points at it, or at a view in it."""
    page = viewer.reading.page
    shows = "" if page is None else "picture" if page.shows in PICTURE_NAMES else page.shows
    if shows != pane.name and not (pane.name == "inspector" and (shows in viewer.other_views or shows in VIEW_NAMES)):
        return pane.title(moment, viewer, size)
    left, right = pane.title(moment, viewer, size._replace(width=size.width - len(f"{RIGHT} ")))
    return [(f"{RIGHT} ", "now"), *left], right
