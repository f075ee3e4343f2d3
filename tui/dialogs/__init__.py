"""Windows that ask, warn or explain."""
