"""What one pair of eyes looks at: a node, a view of it, the followed element, what is folded, in which room.

Nothing here moves time. A session may have many viewers, each with a room of its own size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from minidl_core import Node

from ..debugger.followed import Followed
from ..debugger.message import Message
from ..debugger.moment import Moment
from ..debugger.steps import Place
from ..graph.look import GraphLook, Room
from ..graph.picture import Item
from ..graph.shown import ShownGraph, node_in_focus, show
from ..inspector import move_followed, view_of, views_in_turn
from ..inspector.list_view import followed_element, move_in_list
from ..inspector.walk import choose_edge, choose_term, follow, origin_of
from ..narration.messages import Keys
from ..notation.moments import NoMomentError, name_moment, read_moment
from ..pictures import first_picture, next_picture, picture_named, pictures_of
from ..pictures.picture import Focus
from ..pictures.weights import Weight, first_weight, next_weight, weight_of
from ..quiz import Question
from ..quiz.quiz import Outcome
from .debug_session import DebugSession
from .progress import Progress
from .reading import Reading, pointed_at
from .situation import Here

DIRECTIONS = {"up": (0, -1), "down": (0, 1), "left": (-1, 0), "right": (1, 0)}


class Viewer:
    """Looks at a session, on a screen where the graph has this `room`, and where `keys` do what can be done.

    `look` is what is selected in the graph and how it is shown; while it `stays`, a move in time takes the selection
    not away. `view` is the view of the inspector that was asked for, None for the one that fits the phase. `followed`
    is the element that is followed through all arrays, and `in_graph` whether the arrow keys move in the graph, else in
    the inspector. `in_full` is whether numbers show all their digits.
    `other_views` are what the inspector shows besides its views: panes that have no place of their own. `reading` is
    where they are in the pages of the lesson.
    `picture` is the one that stands beside the loss, None where there is none. `belief` is the number of the one that
    is compared with the truth over all of that, None where none is.
    """

    def __init__(self, session: DebugSession, keys: Keys) -> None:
        self.session = session
        self.keys = keys
        self.room = Room(80, 24, diagram=False)
        self.look = GraphLook()
        self.stays = False
        self.view: str | None = None
        self.followed = Followed()
        self.in_graph = True
        self.logarithmic = False
        self.in_full = False
        self.reading = Reading(session.program.lesson, keys)
        self.picture = first_picture(session.moment)
        self.belief: int | None = None
        self._weight: Weight | None = None
        self._without_place: Sequence[str] = ()
        self._answer: tuple[Message | None, Message | None, Question | None] = None, None, None
        self._closed_score = False
        self._of_page: Place | None = None
        self._trail: list[tuple[Node | None, str | None, Followed]] = []
        self._graph = session.moment.graph
        session.viewers.add(self)

    @property
    def moment(self) -> Moment:
        """What the session shows now."""
        return self.session.moment

    @property
    def message(self) -> Message | None:
        """What there is to say: about what this viewer did last, or what was done in the session since then."""
        own, before, question = self._answer
        stands = self.session.message is before and self.session.quiz.question is question
        return own if stands else self.session.message

    @property
    def sees_score(self) -> bool:
        """Whether the score of the quiz stands in the inspector, until this viewer goes on."""
        return self.session.quiz.summing_up and not self._closed_score

    @property
    def answers_seen(self) -> Outcome | None:
        """The question whose answers by a class stand in the inspector, until this viewer goes on."""
        outcome = self.session.quiz.outcome
        return outcome if outcome is not None and outcome.answers and not self._closed_score else None

    @property
    def shown(self) -> ShownGraph:
        """What the look shows of the graph."""
        return show(self.session.foldings, self.look, self.moment, self.room)

    @property
    def node(self) -> Node | None:
        """The node in view: the selected one, or that of now."""
        return self.moment.now if self.look.node is None else self.look.node

    @property
    def scope(self) -> Item | None:
        """The folded scope that is in view as a whole."""
        return self.shown.whole if self.look.whole else None

    @property
    def shown_view(self) -> str:
        """The view, or pane without a place, that was asked for, or where there is none such, what fits the phase."""
        if self.view is not None and self.view in self.other_views:
            return self.view
        return view_of(self.moment, self.view, self.node)

    @property
    def other_views(self) -> list[str]:
        """What the inspector shows besides its views: panes that have no place of their own."""
        return [name for name in self._without_place if name != "picture" or self.picture is not None]

    @property
    def focus(self) -> Focus:
        """What a picture is about: the followed number of the variable that was selected last, and the element."""
        graph, chosen = self.moment.graph, weight_of(self.look.node, self.followed) or self._weight
        known = chosen is not None and chosen.node in graph.variables
        return Focus(chosen if known else first_weight(graph), self.followed)

    def take_room(self, room: Room, without_place: Sequence[str]) -> None:
        """Look at a screen with this room for the graph, on which these panes have no place."""
        if room != self.room:
            self.look = self.look._replace(panned=(0, 0))
        if self.view in self._without_place and self.view not in without_place:
            self.view = None
        self.room, self._without_place = room, without_place

    def follow_time(self) -> None:
        """Look at what the moment is about, in the view that fits its phase; a pane in the inspector stays."""
        self.view = self.view if self.view in self.other_views else None
        self.followed = self.followed.alone
        self._trail.clear()
        self._closed_score = False
        self._say(None)
        self.deselect()

    def deselect(self) -> None:
        """Have the node of now in view again, unless what is selected is to stay."""
        self._weight = weight_of(self.look.node, self.followed) or self._weight
        if not self.stays:
            self.look = self.look.select(None)
        elif self.moment.graph is not self._graph:
            # of two losses of one script each shows only what is around it, and folds it in its own way
            node = self.look.selected
            self.look = self.look.select(node if node in self.session.foldings.nodes else None)
        self._graph = self.moment.graph

    # the graph

    def select(self, node: Node) -> None:
        """Select a node; the arrow keys are then the graph's."""
        self._begin()
        self.look, self.in_graph = self.look.select(node), True

    def select_at(self, x: int, y: int) -> None:
        """Select what stands in a cell of the graph's room, if anything does."""
        self._begin()
        self.in_graph = True
        item = self.shown.item_at(x, y)
        if item is not None:
            self.look = self.shown.select(item)

    def follow_or_stay(self) -> None:
        """Stay with what is in view while time moves, or follow the action again."""
        self._begin()
        self.stays = not self.stays
        if not self.stays:
            self.deselect()
        elif self.look.selected is None:
            self.look = self.look.select(node_in_focus(self.moment))

    def change_picture(self) -> None:
        """Show the graph as a tape instead of a diagram, or the other way round."""
        self._begin()
        self.look = self.look._replace(diagram=not self.room.diagram)

    def change_detail(self, by: int) -> None:
        """Show less or more of each node."""
        self._begin()
        self.look = self._as_it_is._replace(level=self.shown.other_level(by))

    def pan(self, by: tuple[int, int]) -> None:
        """Show what is so many columns and rows further on."""
        self._begin()
        self.look = self.shown.pan(*by)

    def fold(self) -> None:
        """Fold the scope of the node in view, or open it."""
        self._begin()
        self._fold(*self.shown.toggle_fold(self.session.foldings))

    def fold_all(self) -> None:
        """Open every folded scope, or fold them all."""
        self._begin()
        self._fold(*self.shown.toggle_all(self.session.foldings))

    def open(self) -> None:
        """Open the folded scope in view."""
        self._begin()
        self._fold(*self.shown.open(self.session.foldings))

    def _fold(self, look: GraphLook, message: Message | None) -> None:
        self._say(message)
        self.look = look
        self.look = self._as_it_is

    @property
    def _as_it_is(self) -> GraphLook:
        """The look, which does not change between diagram and tape because of the picture's size."""
        return self.look._replace(diagram=self.room.diagram)

    # the inspector

    def go_to_pane(self) -> None:
        """Give the arrow keys to the inspector."""
        self._begin()
        self.in_graph = False

    def next_view(self) -> None:
        """Go from the graph to the inspector, through its views and panes without a place, and back to the graph."""
        self._begin()
        if self.sees_score or self.answers_seen is not None:
            self._closed_score = True
            return
        there = views_in_turn(self.moment, self.look.node, self.other_views)
        shown = self.view if self.view in there else there[0]
        if self.in_graph:
            self.in_graph = False
        elif shown == there[-1]:
            self.in_graph, self.view = True, None
        else:
            self.view = there[there.index(shown) + 1]

    def other_pane(self) -> None:
        """Go from the graph to the inspector or back, which keeps its view."""
        self._begin()
        self.in_graph = not self.in_graph

    def arrow(self, direction: Literal["up", "down", "left", "right"]) -> None:
        """Select the next node in this direction, or follow the next element of the array in the inspector."""
        self._begin()
        if self.in_graph:
            self.look = self.shown.move(direction)
            self.followed = self.followed.alone
            return
        dx, dy = DIRECTIONS[direction]
        if self.shown_view == "picture":
            weight = self.focus.weight
            if weight is not None and picture_named(self.picture or "").along_weights:
                weight = next_weight(self.moment.graph, weight, dx + dy)
                self.look = self.look.select(weight.node)
                self.followed = self.followed.alone.at(weight.index, by_point=False)
        elif self.scope is not None:
            self.followed = move_in_list(self.scope, self.followed, dx, dy)
        elif self.shown_view not in self.other_views:
            self.followed = move_followed(self.moment, self.shown_view, self.followed, dx, dy, self.node)

    def go_to_origin(self) -> None:
        """Go to where this number came from; while the arrow keys are the graph's, open what is folded first."""
        self._begin()
        moment, node = self.moment, self.node
        element = None if self.in_graph or self.scope is None else followed_element(self.scope, self.followed)
        if element is not None:
            self.look = self.look.select(element)
        elif self.look.whole or (self.in_graph and self.shown.shows_fold):
            self.open()
        elif self.shown_view in self.other_views:
            self._say(Message("picture in view"))
        elif node is None:
            self._say(Message("no number in view"))
        else:
            there = follow(moment, self.shown_view, self.followed, node)
            if there is None:
                why = origin_of(moment, self.shown_view, self.followed, node)
                self._say(Message("no origin", {"why": why}))
            else:
                self._trail.append((self.look.node, self.view, self.followed))
                self.look_at(*there)

    def go_back(self) -> None:
        """Return to the number from which the last one was reached."""
        self._begin()
        if self._trail:
            self.look_at(*self._trail.pop())
        else:
            self._say(Message("no way back"))

    def choose_edge(self, by: int) -> None:
        """Look at another edge over which the followed number came, so many further."""
        self._choose("edge", choose_edge, by)

    def choose_term(self, by: int) -> None:
        """Look at another term that the followed number is made of, so many further."""
        self._choose("term", choose_term, by)

    def _choose(self, what: str, choose: Callable[[Moment, str, Followed, Node, int], Followed], by: int) -> None:
        self._begin()
        before = self.followed
        if self.shown_view in self.other_views:
            self._say(Message("picture in view"))
        elif self.node is None:
            self._say(Message("no number in view"))
        else:
            self.followed = choose(self.moment, self.shown_view, before, self.node, by)
            if self.followed == before:
                self._say(Message("no other", {"what": what}))

    def show_on_request(self, view: str) -> None:
        """Show a view of the node in view that has a key of its own, or show again what was shown before."""
        self._begin()
        if self.view == view:
            self.view = None
            if self.moment.now is None and self.look.node is self.moment.graph.loss:
                self.deselect()
        elif self.node is not None or self.look_at_loss(view):
            self.view = view
        else:
            self._say(Message("no number in view"))

    def look_at_loss(self, view: str) -> bool:
        """Select the loss for a view that shows all that leads to it, and return whether it is one."""
        if view != "forward mode":
            return False
        self.look = self.look.select(self.moment.graph.loss)
        return True

    def change_scale(self) -> None:
        """Draw the loss on a linear or a logarithmic axis."""
        self._begin()
        self.logarithmic = not self.logarithmic

    def next_picture(self) -> None:
        """Show the next picture, after the last none; where it has no place, the inspector shows it."""
        self._begin()
        picture = self.picture
        if "picture" not in self._without_place or self.view == "picture" or picture is None:
            picture = next_picture(self.moment, picture)
        self.show_picture(picture)

    def show_picture(self, name: str | None) -> None:
        """Show a picture, if there is one of this name; where it has no place, the inspector shows it."""
        self.picture = name if name in pictures_of(self.moment) else None
        if "picture" in self._without_place:
            self.view = None if self.picture is None else "picture"

    def change_digits(self) -> None:
        """Show the loss and the numbers of the followed element in full precision, or in few digits again."""
        self._begin()
        self.in_full = not self.in_full

    # the lesson

    def tell(self, progress: Progress | None) -> None:
        """Tell this progress from now on, and have the lesson open on the page on which it says that it was left."""
        self.reading.tell(progress, self.session.program.address)

    def turn_page(self, by: int) -> None:
        """Turn a page of the lesson on or back, and look at what it is about, at its moment."""
        self._begin()
        if not self.reading.count:
            self._say(Message("no pages"))
            return
        self.reading.turn(by)
        page, timeline = self.reading.page, self.session.timeline
        if page is not None:
            left, from_here = timeline.place, name_moment(timeline)
            iteration = left.iteration
            if page.at:
                try:
                    place = read_moment(page.at, timeline)
                except NoMomentError as error:
                    self._say(Message("page is nowhere", {"why": error}))
                else:
                    self.session.go(place)
                    iteration = max(place.iteration, 1)
                    if timeline.place[:2] < left[:2] and left != self._of_page:
                        facts = {"number": self.reading.number + 1, "moment": page.at, "left": from_here}
                        self._say(Message("page moved back", facts))
            self.reading.names_numbers_of = iteration
            if page.node or page.shows:
                is_picture = page.shows in pictures_of(self.moment)
                self.picture = page.shows if is_picture else self.picture
                node, followed = pointed_at(page, self.moment, self.followed)
                self.look_at(node, "picture" if is_picture else page.shows or None, followed)
            self._of_page = timeline.place
        self.reading.keep()

    def follow_lesson(self) -> None:
        """See whether the goal of the lesson is reached, and have its page name its numbers once they are there.

        A front end calls it after whatever is done.
        """
        session, reading = self.session, self.reading
        if session.running is None:
            reading.take_numbers(session.timeline)
        message = reading.judge(Here(session.timeline, session.moment, self))
        if message is not None:
            self._say(message)
            self.reading.keep()

    def look_at(self, node: Node | None, view: str | None, followed: Followed) -> None:
        """Look at an element of a node, None being the node of now, in a view, None being the one that fits."""
        if node is not None:
            self.look = self.look.select(node)
        else:
            self.deselect()
        self.view, self.followed = view, followed

    def _begin(self) -> None:
        """Have nothing to say any more: something else is done now."""
        self._weight = weight_of(self.look.node, self.followed) or self._weight
        self._say(None)

    def _say(self, message: Message | None) -> None:
        self._answer = message, self.session.message, self.session.quiz.question
