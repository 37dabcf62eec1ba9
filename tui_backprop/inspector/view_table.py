"""The views of the inspector: a view is one file, and a line here."""

from __future__ import annotations

from .check_view import CheckView
from .code_view import CodeView
from .forward_view import ForwardView
from .ledger_view import LedgerView
from .update_view import UpdateView
from .value_view import ValueView
from .view import View

VIEWS: tuple[View, ...] = (ValueView(), LedgerView(), UpdateView(), CodeView(), CheckView(), ForwardView())
"""Every view, in the order in which Tab goes through them."""
