"""Measurements of what is promised, each against its floor in the same run: `python -m bench`, `make bench`."""
