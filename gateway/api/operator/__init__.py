"""The operator API: everything the console does, each change with actor and reason.

`routes` puts the HTTP calls together. What they answer with is made in modules that know nothing of HTTP, so that the
command line and the console's first frame need not wait for a web framework.
"""
