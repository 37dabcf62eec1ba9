"""An engine of one's own, as people write it, with one mistake in it: the README opens it to find that."""


class Number:
    """A number that knows what it was made of."""

    def __init__(self, value, parents=()):
        self.value = value
        self.slope = 0.0
        self.parents = tuple(parents)
        self.send = lambda: None

    def __add__(self, other):
        out = Number(self.value + other.value, (self, other))

        def send():
            self.slope = out.slope
            other.slope = out.slope

        out.send = send
        return out

    def __mul__(self, other):
        out = Number(self.value * other.value, (self, other))

        def send():
            self.slope += other.value * out.slope
            other.slope += self.value * out.slope

        out.send = send
        return out

    def backward(self):
        """Send the slope back to everything that this number was made of."""
        order, seen = [], set()

        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        self.slope = 1.0
        for node in reversed(order):
            node.send()


a, b = Number(2.0), Number(-3.0)
for step in range(3):
    a.slope = b.slope = 0.0
    total = (a + b) * a + (b + a) * b + a
    total.backward()
    print(step, total.value, a.slope, b.slope)
    a.value -= 0.1 * a.slope
    b.value -= 0.1 * b.slope
