"""One module per outside thing: disk, database, keys, child processes, sockets."""
