"""Decide on admission reviews: dicts and values in, verdicts out.

Nothing here does I/O, reads a clock or logs; what comes from outside (the baseline, the
time, what the API server says of an access) is passed in.
"""
