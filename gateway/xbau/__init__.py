"""XBau: one submission model, each release as one value, composing, checking and reading."""
