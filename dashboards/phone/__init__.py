"""The phone in the browser."""
