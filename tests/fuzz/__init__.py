"""Feeds the gateway with bytes that nobody meant: over sockets, from Redis, and from Twilio.

`python -m tests.fuzz --minutes 60` does so by hand, and `test_fuzz.py` for a moment in CI. An input
is drawn from a seed, which a finding names, so that `--seed` draws it again.
"""
