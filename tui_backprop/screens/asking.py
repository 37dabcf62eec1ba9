"""Ask me first, on the screen: a question stands before a step, in the place of its sentence and of the inspector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from textual import events

from ..debugger.moment import Moment
from ..debugger.timeline import Timeline
from ..drawing.palette import Line
from ..notation.fitting import width_of
from ..notation.sections import prose
from ..panes.frame import TITLE_EDGES
from ..panes.key_bar import CHOOSING, IN_THE_ROOM, TYPING, Keys
from ..panes.question_pane import choice_at, draw_question, draw_score
from ..panes.step_pane import draw_step
from ..quiz import Question
from ..quiz.asking import Asking
from .stepping import SteppingScreen, indented


class AskingScreen(SteppingScreen):
    """A timeline, shown and moved, that can ask what a step will bring before it shows it."""

    def __init__(self, timeline: Timeline, pause_every: int) -> None:
        super().__init__(timeline, pause_every)
        self._asking = Asking()
        self._reason = ""

    def action_ask(self) -> None:
        """Ask the learner before each step, then the room, then nobody."""
        self._pause()
        self._asking.change_mode()
        self._draw()

    def action_forward(self, stop: str) -> None:
        """Move forward; a single step waits until its question is answered."""
        asking = self._asking
        if stop != "step" or asking.mode == "off" or self.running is not None:
            super().action_forward(stop)
        elif asking.question is None:
            if asking.ask(self.timeline, self.followed):
                self._draw()
            else:
                super().action_forward(stop)
        elif asking.mode == "room":
            asking.reveal()
            super().action_forward(stop)
        else:
            asking.say_what_answers()
            self._draw()

    def press(self, event: events.Key) -> bool:
        """Give a key to the question that stands, which shows the step once it is answered; return if it took it."""
        taken = bool(self._panes) and self._asking.press(event.key, event.character)
        if taken:
            self._answered()
        return taken

    def on_click(self, event: events.Click) -> None:
        """Take a click on a choice for its key."""
        super().on_click(event)
        question, pane = self._asking.question, self._panes.get("inspector")
        if question is not None and pane is not None and event.widget is not None and event.widget.id == "inspector":
            key = choice_at(self._draw_question(question, pane.width, pane.height), event.x, event.y)
            if key is not None and self._asking.press(key, key):
                self._answered()

    def _answered(self) -> None:
        if self._asking.answered:
            super().action_forward("step")
        else:
            self._draw()

    def action_run(self) -> None:
        """Run, or pause; while questions are asked a run would pass them all, so it is refused."""
        if self._asking.mode == "off" or self.running is not None:
            super().action_run()
        else:
            self._refuse("no run while questions are asked; m stops them")

    def action_continue(self, direction: str) -> None:
        """Go on to the next breakpoint; as a run, only while no questions are asked."""
        if self._asking.mode == "off":
            super().action_continue(direction)
        else:
            self._refuse("no going on while questions are asked; m stops them")

    def action_searches(self) -> None:
        """Show plain search and the right one beside each other, unless that would answer the question that stands."""
        if self._asking.question is None:
            super().action_searches()
        else:
            self._refuse(f"the searches would answer it; {self._gives_up}")

    def action_log(self) -> None:
        """Show the log, unless it would answer the question that stands."""
        question = self._asking.question
        if question is None or not (question.hides_queue or question.hides_shape_of):
            super().action_log()
        else:
            self._refuse(f"the log would answer it; {self._gives_up}")

    @property
    def _gives_up(self) -> str:
        return "space reveals it" if self._asking.mode == "room" else "Esc skips the question"

    def _refuse(self, said: str) -> None:
        self._asking.notes, self._asking.reason = [[(said, "error")]], ""
        self._draw()

    def action_next_pane(self) -> None:
        """Go on to the next pane or view, from the score back to the inspector."""
        if self._asking.summing_up:
            self._asking.summing_up = False
            self._draw()
        else:
            super().action_next_pane()

    def _move(self, move: Callable[[], bool]) -> None:
        def move_on() -> bool:
            moved = move()
            self._asking.moved(self.timeline.moment)
            return moved

        super()._move(move_on)

    # drawing

    def _draw(self, said: str = "") -> None:
        self._asking.keep_to(self.timeline)
        super()._draw(said)

    @property
    def _shown(self) -> Moment:
        question = self._asking.question
        moment = super()._shown
        if question is None:
            return moment
        return replace(
            moment,
            hides_queue=question.hides_queue,
            hides_shape_of=question.hides_shape_of,
            hides_losses=moment.loss is None,
        )

    @property
    def _standing_keys(self) -> Keys:
        if self._asking.question is None:
            return super()._standing_keys
        if self._asking.mode == "room":
            return IN_THE_ROOM
        return CHOOSING if self._asking.question.choices else TYPING

    def _draw_step(self, moment: Moment) -> None:
        asking = self._asking
        ways = asking.question.ways if asking.question is not None else ()
        self._show("step", lambda w, h: draw_step(moment, w, h, ways))
        name = "Question" if asking.question is not None else "Step"
        left: list[Line] = [[(name, "title"), ("   ", "text"), *note] for note in asking.notes] or [[(name, "title")]]
        pairs = [(title, state) for title in left for state in asking.states]
        room = self._panes["step"].width - TITLE_EDGES if "step" in self._panes else 0
        # where nothing fits, the shortest is cut
        title, state = next((pair for pair in pairs if sum(map(width_of, pair)) < room), pairs[-1])
        self._title("step", title, state)

    def _draw_inspector(self, moment: Moment) -> None:
        asking, question = self._asking, self._asking.question
        if question is None and not asking.summing_up:
            if asking.reason != self._reason:
                self._reason = asking.reason
                self._charted.pop("inspector", None)  # it has more room or less
            super()._draw_inspector(moment)
            return
        self._charted.pop("inspector", None)
        if question is None:
            self._title("inspector", [("Ask me first", "title"), ("   the score", "dim")])
            self._show("inspector", lambda w, h: indented(draw_score(asking.score, w - 1, h)))
        else:
            self._title("inspector", [("Question", "title"), (f"   {question.kind}", "dim")])
            self._show("inspector", lambda w, h: self._draw_question(question, w, h))

    def _show(self, name: str, draw: Callable[[int, int], list[Line]]) -> None:
        """Show a pane; above what the inspector draws stands why the answer to the last question is what it is."""
        reason = self._asking.reason if name == "inspector" else ""

        def draw_below(width: int, height: int) -> list[Line]:
            above = indented(prose(reason, width - 1, "title", indent="  ")) if reason else []
            return [*above, *draw(width, height - len(above))]

        super()._show(name, draw_below)

    def _draw_question(self, question: Question, width: int, height: int) -> list[Line]:
        return indented(draw_question(self._asking, question, width - 1, height))
