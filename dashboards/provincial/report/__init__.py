"""The monthly report: the same figures as the pages, on paper."""
