"""Values and laws of the product. Standard library only; nothing here reads a clock, a file or a socket."""
