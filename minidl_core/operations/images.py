"""Images: convolution as one product of matrices (im2col), and pooling; all are (images, channels, height, width)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..arrays import Array, Shape
from ..gradients import EvaluatedOperation, RegisterGradient
from .decorator import operation


def _count(length: int, size: int, stride: int, padding: int = 0) -> int:
    """Return how many windows fit into a length; raises ValueError where none does."""
    if not all(isinstance(each, int | np.integer) for each in (size, stride, padding)):
        raise ValueError(f"size {size}, stride {stride} and padding {padding} must be whole numbers")
    if min(size, stride) < 1 or padding < 0:
        raise ValueError(f"size {size} and stride {stride} must be at least 1, and padding {padding} at least 0")
    if size > length + 2 * padding:
        raise ValueError(f"a window of {size} is larger than the image, {length + 2 * padding} with its padding")
    return (length + 2 * padding - size) // stride + 1


def _windows(a: Array, shape: Shape, stride: int) -> Array:
    """Return a view (images, channels, rows, columns, height, width) of all windows, none of it copied."""
    return sliding_window_view(a, shape, (2, 3))[:, :, ::stride, ::stride]


def _parts(shape: Shape, counts: Shape, stride: int) -> Iterator[tuple[int, int, tuple[slice, ...]]]:
    """Yield each place (i, j) in a window of this shape, and where all windows have it in the image."""
    rows, columns = counts
    for i in range(shape[0]):
        for j in range(shape[1]):
            down, right = slice(i, i + stride * rows, stride), slice(j, j + stride * columns, stride)
            yield i, j, (slice(None), slice(None), down, right)


def _convolved_shape(a: Shape, k: Shape, stride: int, padding: int) -> Shape:
    if len(a) != 4 or len(k) != 4:
        raise ValueError("images are (images, channels, height, width), kernels (kernels, channels, height, width)")
    if a[1] != k[1]:
        raise ValueError(f"the images have {a[1]} channels and the kernels {k[1]}")
    return (a[0], k[0], *[_count(length, size, stride, padding) for length, size in zip(a[2:], k[2:], strict=True)])


def _convolved_element(*_: Shape, stride: int, padding: int) -> str:
    rows, columns = _place("i", stride, "h", padding), _place("j", stride, "w", padding)
    return f"Y[n,k,i,j] = Σ A[n,c,{rows},{columns}]·K[k,c,h,w]"


def _place(window: str, stride: int, letter: str, padding: int = 0) -> str:
    """Write where in an image a window has its row or column of this letter: 2i+h-1."""
    return f"{stride if stride > 1 else ''}{window}+{letter}{f'-{padding}' if padding else ''}"


@operation(
    formula="Y = K slid over A",
    element=_convolved_element,
    shape=_convolved_shape,
    samples=[
        ((2, 1, 4, 4), (1, 1, 2, 2)),
        ((1, 2, 4, 3), (2, 2, 3, 2), {"padding": 1}),
        ((1, 1, 5, 4), (2, 1, 2, 2), {"stride": 2}),
    ],
)
def conv2d(a: Array, k: Array, /, stride: int = 1, padding: int = 0) -> Array:
    """Each kernel of K is laid on every window of A; what lies on each other is multiplied and summed.

    The kernel is not turned around, as in all libraries of the field.
    """
    windows = _windows(_bordered(a, padding), k.shape[2:], stride)
    product = np.tensordot(windows, k, ((1, 4, 5), (1, 2, 3)))
    return np.ascontiguousarray(product.transpose(0, 3, 1, 2))


@RegisterGradient("conv2d", formulas=("K laid back on A, times G", "the windows of A, times G"))
def _conv2d_gradient(op: EvaluatedOperation, grad: Array) -> list[Array | None]:
    """An entry of A is in several windows, and counts in each by the weight that lay on it.

    Each weight is used in every window, and counts in each by the entry of A that it lay on.
    """
    a, k = op.inputs
    of_images = of_kernels = None
    if op.needs[0]:
        wide = np.zeros((*a.shape[:2], *[size + 2 * op.padding for size in a.shape[2:]]))
        for i, j, part in _parts(k.shape[2:], grad.shape[2:], op.stride):
            wide[part] += np.tensordot(grad, k[:, :, i, j], (1, 0)).transpose(0, 3, 1, 2)
        of_images = wide[:, :, op.padding : op.padding + a.shape[2], op.padding : op.padding + a.shape[3]]
    if op.needs[1]:
        windows = _windows(_bordered(a, op.padding), k.shape[2:], op.stride)
        of_kernels = np.tensordot(grad, windows, ((0, 2, 3), (0, 2, 3)))
    return [of_images, of_kernels]


def _bordered(a: Array, padding: int) -> Array:
    return np.pad(a, ((0, 0), (0, 0), (padding, padding), (padding, padding))) if padding else a


def _pooled_shape(a: Shape, size: int, stride: int | None) -> Shape:
    if len(a) != 4:
        raise ValueError("images are (images, channels, height, width)")
    return (*a[:2], *[_count(length, size, _apart(size, stride)) for length in a[2:]])


def _apart(size: int, stride: int | None) -> int:
    """Return how far it is from one window to the next."""
    return size if stride is None else stride


def _in_window(size: int, stride: int | None) -> str:
    rows, columns = _place("i", _apart(size, stride), "h"), _place("j", _apart(size, stride), "w")
    return f"A[n,c,{rows},{columns}]"


def _largest_element(*_: Shape, size: int, stride: int | None) -> str:
    return f"Y[n,c,i,j] = max {_in_window(size, stride)} for h<{size}, w<{size}"


def _mean_element(*_: Shape, size: int, stride: int | None) -> str:
    return f"Y[n,c,i,j] = Σ {_in_window(size, stride)}/{size**2} for h<{size}, w<{size}"


_POOLS = [((1, 2, 4, 4),), ((2, 1, 5, 4), {"size": 3, "stride": 1}), ((1, 1, 5, 5), {"size": 2})]


@operation(formula="Y = max A in each window", element=_largest_element, shape=_pooled_shape, samples=_POOLS)
def max_pool(a: Array, /, size: int = 2, stride: int | None = None) -> Array:
    """The largest entry of each window of A, of so many rows and columns.

    The stride, how far it is from one window to the next, is the size unless it is given.
    """
    return np.maximum.reduce(_windows(a, (size, size), _apart(size, stride)), (4, 5))  # type: ignore[no-any-return]


@RegisterGradient("max_pool", formulas=("G where A is Y",))
def _max_pool_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """Only the largest entry of a window counts; those that are tied share it equally."""
    a = op.inputs[0]
    stride = _apart(op.size, op.stride)
    tied = np.add.reduce(_windows(a, (op.size, op.size), stride) == op.output[..., None, None], (4, 5))
    gradient = np.zeros(a.shape)
    for _, _, part in _parts((op.size, op.size), grad.shape[2:], stride):
        gradient[part] += (a[part] == op.output) * (grad / tied)
    return [gradient]


@operation(formula="Y = mean of A in each window", element=_mean_element, shape=_pooled_shape, samples=_POOLS)
def average_pool(a: Array, /, size: int = 2, stride: int | None = None) -> Array:
    """The mean of each window of A, of so many rows and columns.

    The stride, how far it is from one window to the next, is the size unless it is given.
    """
    return np.add.reduce(_windows(a, (size, size), _apart(size, stride)), (4, 5)) / size**2  # type: ignore[no-any-return]


@RegisterGradient("average_pool", formulas=("G/n of each window",))
def _average_pool_gradient(op: EvaluatedOperation, grad: Array) -> list[Array]:
    """An average over n entries has a slope of 1/n for each of them, in each window that it is in."""
    gradient = np.zeros(op.inputs[0].shape)
    for _, _, part in _parts((op.size, op.size), grad.shape[2:], _apart(op.size, op.stride)):
        gradient[part] += grad / op.size**2
    return [gradient]
