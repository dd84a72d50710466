"""The consultant's desk and the supervisor's floor."""
