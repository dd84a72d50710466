"""The sums behind every figure, made anew from the raw rows."""
