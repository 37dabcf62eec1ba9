"""Wrong machines: beliefs about backpropagation that compute all gradients, and the diagnosis that they make."""
