"""What somebody does with an open program, and what they look at: a session and its viewers, without a screen."""

from .debug_session import DebugSession
from .viewer import Viewer

__all__ = ["DebugSession", "Viewer"]
