"""An engine in thirty lines: a number that knows what it was made of, and a neuron that learns by it."""


class Value:
    """A number, its gradient, what it was made of, and how it passes a gradient on to that."""

    def __init__(self, data, parents=()):
        self.data = data
        self.grad = 0.0
        self.parents = parents
        self.pass_on = lambda: None

    def __add__(self, other):
        out = Value(self.data + other.data, (self, other))

        def pass_on():
            self.grad += out.grad
            other.grad += out.grad

        out.pass_on = pass_on
        return out

    def __mul__(self, other):
        out = Value(self.data * other.data, (self, other))

        def pass_on():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out.pass_on = pass_on
        return out

    def relu(self):
        """Return the number itself where it is above 0, else 0."""
        out = Value(max(self.data, 0.0), (self,))

        def pass_on():
            self.grad += (self.data > 0) * out.grad

        out.pass_on = pass_on
        return out

    def backward(self):
        """Find the gradient of this number with respect to all that it was made of."""
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node.pass_on()


w, b = Value(0.2), Value(1.0)
for _ in range(20):
    y1 = (w * Value(1.0) + b).relu()
    y2 = (w * Value(-2.0) + b).relu()
    gap1 = y1 + Value(-2.0)
    loss = gap1 * gap1 + y2 * y2
    loss.backward()
    for weight in (w, b):
        weight.data -= 0.1 * weight.grad
        weight.grad = 0.0
