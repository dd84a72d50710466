"""What the caller hears: the menu engine, its words, and the webhooks that drive it."""
