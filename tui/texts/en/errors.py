"""What went wrong, and what to do; errors of the gateway speak for themselves, in German."""

TEXTS = {
    "unreachable": "The server does not answer. The console keeps trying; what you see and type stays.",
    "not_sent": "The server does not answer. Nothing was changed; what you typed stays.",
    "unknown_outcome": "The connection broke while saving. Whether it was saved is unknown: please reload and look. "
    "What you typed stays.",
    "read_only": "Read-only mode: nothing was changed.",
    "unreadable": "The answer of the server cannot be read. Perhaps the address is not the gateway's.",
    "status": "The server refuses the request (HTTP {status}).",
    "token_expired": "The access token is no longer valid. Please put a new one into the token file, then press r.",
    "file": "The file {name} cannot be read or written: {reason}.",
    "file_exists": "The file {name} exists already. Please choose another name.",
    "broken_answer": "The answer of the server is incomplete. Perhaps the versions do not fit together.",
}
