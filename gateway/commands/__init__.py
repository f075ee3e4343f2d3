"""The command line: one module for each family of commands. stdout is data, stderr is talk."""
