"""The proofs: what the product promises, tried on the product itself, with the figures that came out."""
