"""The panes of the screen: each shows a moment to a viewer, as lines that depend on nothing else."""

from .chart_panes import LossPane, PicturePane
from .graph_pane import GraphPane
from .header import HeaderPane
from .inspector_pane import InspectorPane
from .key_bar import KeyBar
from .page_pane import PagePane
from .pane import Pane
from .step_pane import StepPane

_CHARTS: tuple[Pane, ...] = (LossPane(), PicturePane())
PANES: tuple[Pane, ...] = (
    *(HeaderPane(), GraphPane(), StepPane(), InspectorPane(_CHARTS), *_CHARTS, PagePane(), KeyBar()),
)
"""Every pane; arrangement.py says where each stands."""
