"""The HTTPS edge: admission reviews over ASGI, the decision log, metrics, and the server.

One request is one straight line: bytes -> ``review`` -> ``decide`` -> ``explain`` -> bytes, then
the decision log and the metrics.
"""
