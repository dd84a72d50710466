"""How fast a menu step is, beside the least that the same server can do; `make bench` runs it."""
