"""What of torch is replaced or hooked while a script runs, and put back after it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
import torch._tensor
import torch.functional
import torch.jit
import torch.nn.functional
import torch.overrides
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.overrides import TorchFunctionMode

from .calls import call_and_keep, outside
from .recorder import Recorder

_HOOKS = (
    (torch.Tensor, "register_hook"),
    (torch.nn.Module, "register_full_backward_hook"),
    (torch.nn.Module, "register_full_backward_pre_hook"),
)
_IN_PYTHON = (torch._tensor, torch.functional, torch.nn.functional)


class _Seeing(TorchFunctionMode):  # type: ignore[misc]
    """Hands every call of a function of torch to a recorder."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder
        self._is_paused = False

    def pause(self) -> None:
        """See nothing, if no other mode was put on this one: a step without a closure only costs time."""
        if torch.overrides._get_current_function_mode() is self:
            torch._C._pop_torch_function_stack()
            self._is_paused = True

    def go_on(self) -> None:
        """See again."""
        if self._is_paused:
            self._is_paused = False
            torch._C._push_on_torch_function_stack(self)

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        recorder = self._recorder
        if recorder.rests or not torch.is_grad_enabled():
            return function(*args, **(kwargs or {}))
        return call_and_keep(function, args, kwargs or {}, recorder.modules.scope, recorder.modules.name_of_leaf)


@contextmanager
def seeing(recorder: Recorder) -> Iterator[None]:
    """Let a recorder see what torch does in this block."""
    modules, mode = recorder.modules, _Seeing(recorder)
    with ExitStack() as after:

        def replace(holder: Any, name: str, value: Any) -> None:
            after.callback(setattr, holder, name, vars(holder)[name])
            setattr(holder, name, value)

        for module in _IN_PYTHON:
            for name in [name for name in vars(module) if name.startswith("has_torch_function")]:
                replace(module, name, _is_overridden(vars(module)[name], is_list=name == "has_torch_function"))
        replace(torch.autograd, "backward", _reported_backward(recorder, torch.autograd.backward))
        replace(torch.autograd, "grad", _reported_grad(recorder, torch.autograd.grad))
        replace(torch, "compile", _not_compiled(recorder, "torch.compile"))
        for name in ("script", "trace"):
            replace(torch.jit, name, _not_compiled(recorder, f"torch.jit.{name}"))
        for holder, name in _HOOKS:
            replace(holder, name, _noted_hook(recorder, getattr(holder, name)))
        apply = torch.autograd.Function.apply.__func__
        replace(torch.autograd.Function, "apply", classmethod(_kept_apply(recorder, apply)))
        for hook in (
            register_module_forward_pre_hook(lambda module, _: modules.enter(module, outside(sys._getframe(1)))),
            register_module_forward_hook(lambda *_: modules.leave(), always_call=True),
            register_optimizer_step_pre_hook(lambda optimizer, *_: recorder.on_update_begun(optimizer)),
            register_optimizer_step_pre_hook(lambda *given: mode.pause() if given[1:] == ((given[0],), {}) else None),
            register_optimizer_step_post_hook(lambda *_: mode.go_on()),
            register_optimizer_step_post_hook(lambda optimizer, *_: recorder.on_update(optimizer)),
        ):
            after.callback(hook.remove)
        mode.__enter__()
        after.callback(_leave, mode)
        yield


def _leave(mode: TorchFunctionMode) -> None:
    """Take the mode off, and whatever the script has put on it and left there."""
    while torch._C._len_torch_function_stack() and torch._C._pop_torch_function_stack() is not mode:
        pass


def _is_overridden(original: Callable[..., Any], *, is_list: bool) -> Callable[..., bool]:
    """Return what asks whether a class of tensors overrides a function, as the original does when there is no mode."""
    own = (torch.Tensor, torch.nn.Parameter)

    def is_overridden(*args: Any) -> bool:
        found = args[0] if is_list else args
        return any(type(each) not in own and hasattr(type(each), "__torch_function__") for each in found) and bool(
            original(*args)
        )

    return is_overridden


def _reported_backward(recorder: Recorder, backward: Callable[..., Any]) -> Callable[..., Any]:
    def reported(tensors: Any, grad_tensors: Any = None, *args: Any, **kwargs: Any) -> Any:
        return recorder.on_backward(tensors, grad_tensors, lambda: backward(tensors, grad_tensors, *args, **kwargs))

    return reported


def _reported_grad(recorder: Recorder, grad: Callable[..., Any]) -> Callable[..., Any]:
    def reported(outputs: Any, inputs: Any, grad_outputs: Any = None, *args: Any, **kwargs: Any) -> Any:
        def call() -> Any:
            return grad(outputs, inputs, grad_outputs, *args, **kwargs)

        if kwargs.get("create_graph", len(args) > 1 and args[1]):
            with recorder.resting():  # a part of a loss: of the call on that it is said that this was not seen
                return call()
        asked = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
        return recorder.on_backward(outputs, grad_outputs, call, asked)

    return reported


def _not_compiled(recorder: Recorder, name: str) -> Callable[..., Any]:
    def uncompiled(model: Any = None, *_: Any, **__: Any) -> Any:
        """Return the model as it is: what is compiled cannot be seen, and computes the same."""
        recorder.remarks[f"{name}() was left out: the model runs as it is written"] = None
        return (lambda model: model) if model is None else model

    return uncompiled


def _noted_hook(recorder: Recorder, register: Callable[..., Any]) -> Callable[..., Any]:
    def noted(*args: Any, **kwargs: Any) -> Any:
        at = outside(sys._getframe(1))
        location = f"{os.path.basename(at.f_code.co_filename)}:{at.f_lineno}"
        recorder.remarks[f"there is a hook ({location}): where it changes a gradient, torch's parts from that on"] = (
            None
        )
        return register(*args, **kwargs)

    return noted


def _kept_apply(recorder: Recorder, apply: Callable[..., Any]) -> Callable[..., Any]:
    def kept(cls: Any, *args: Any, **kwargs: Any) -> Any:
        def function(*args: Any, **kwargs: Any) -> Any:
            return apply(cls, *args, **kwargs)

        function.__name__ = cls.__name__
        if recorder.rests or not torch.is_grad_enabled():
            return function(*args, **kwargs)
        return call_and_keep(function, args, kwargs, recorder.modules.scope, recorder.modules.name_of_leaf)

    return kept
