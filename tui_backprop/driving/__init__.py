"""The learner drives: takes the engine's part through the backward pass and the update, move by move."""

from .driving import Driving

__all__ = ["Driving"]
