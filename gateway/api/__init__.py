"""The HTTP faces: portal API, operator API, and what adapters mount beside them."""
