"""Named calls to the operator API, one module per subject."""
