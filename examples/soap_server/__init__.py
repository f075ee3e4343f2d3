"""A small server for the gateway's plain SOAP hand-over: only Python's standard library, made to start from."""
