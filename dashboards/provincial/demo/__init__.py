"""A year of made-up history, and two cities that push their calls from outside: to try the figures with, never else."""
