"""What stands for minus infinity, which masks are made of and no constant of ours can be."""

FAR_BELOW = -1e30
"""exp of it is 0 all the same."""
FAR_BELOW_REMARK = f"minus infinity in its data is {FAR_BELOW:g} here: exp of it is 0 all the same"
