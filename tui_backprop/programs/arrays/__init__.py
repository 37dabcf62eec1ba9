"""A network in plain NumPy, in functions and classes: its arrays note what made them, and its updates make the steps.

NumPy keeps no graph. But it asks an array of a class of its own about each operation (`__array_ufunc__`,
`__array_function__`), so a script whose arrays are of such a class writes its graph down as it runs, whatever holds its
weights: names, objects, lists, or dictionaries.
"""

from __future__ import annotations

from .recorder import ArrayRecorder as ArrayRecorder
from .run import arrays_program as arrays_program
