"""All beliefs, each once: the diagnosis, `t`, what names wrong answers, and the hunt take them from here."""

from .at_the_start import NOT_ZEROED, SEED, STALE_UPDATE
from .belief import Belief, WrongMachine
from .in_a_product import NOT_TRANSPOSED
from .in_a_sum import CONSUMER_LOST, EDGE_LOST, OVERWRITTEN, SHARED_GRADIENT
from .in_an_operation import SLOPE
from .in_the_search import NO_ORDER, PLAIN_SEARCH

BELIEFS: tuple[Belief, ...] = (
    *(SEED, NOT_ZEROED, STALE_UPDATE),
    *(OVERWRITTEN, EDGE_LOST, CONSUMER_LOST, SHARED_GRADIENT),
    *(NO_ORDER, PLAIN_SEARCH),
    *(NOT_TRANSPOSED, SLOPE),
)
"""In the order in which the diagnosis tries them, the simplest first."""
WRONG_MACHINES: tuple[WrongMachine, ...] = (
    NO_ORDER,
    EDGE_LOST,
    OVERWRITTEN,
    NOT_ZEROED,
    CONSUMER_LOST,
    PLAIN_SEARCH,
)
"""Those that run on any graph, in the order in which they are shown and a number is looked for in them."""
