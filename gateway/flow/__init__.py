"""Load, call pure functions, save: the straight lines from announcement to erasure."""
