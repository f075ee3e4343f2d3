"""What the XTA mailbox (server) and the XTA push (client) share: SOAP 1.2, WS-Addressing, MTOM/XOP and the XTA values.

Everything here is bytes and values: no socket, no clock, no randomness.
"""
