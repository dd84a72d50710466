"""Cities with systems of their own: what they send, how it is taken, and what must be explained."""
