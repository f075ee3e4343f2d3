"""The demonstration: the whole chain on one machine with real processes, real sockets, real keys."""
