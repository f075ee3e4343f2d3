"""Signing, encrypting, opening and trusting: bytes and keys in, bytes out."""
