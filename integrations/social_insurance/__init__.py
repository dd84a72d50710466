"""The business systems of social insurance: who is asked, what was found, and the truth when nothing was."""
