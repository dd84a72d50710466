"""Messages and the three-working-day promise."""
