"""Finds tokens that an attacker would try first, by their SHA-256."""

from hashlib import sha256

WORDS = (
    *("", "test", "testing", "hello", "hello world", "world", "foo", "bar", "abc", "abc123"),
    *("secret", "password", "passw0rd", "changeme", "change-me", "letmein", "qwerty", "default"),
    *("token", "my-token", "mytoken", "bearer", "api-key", "apikey", "key", "jwt", "none", "null"),
    *("admin", "root", "user", "guest", "demo", "example", "sample", "dev", "prod", "staging"),
    *("gateway", "twilio", "graphql", "graphiql", "viewer", "dashboard", "support", "calls"),
    *("1", "123", "1234", "12345", "123456", "12345678", "123456789", "1234567890", "0000"),
)
"""Words of examples, of this documentation among them, and the first of each list of passwords."""


def guessable(token_sha256: str, *more: str) -> str | None:
    """The word that a hash was made of, if it is one of WORDS or of `more`; else None.

    In small letters, capitals or with a capital, and with the line end that `echo` adds.
    """
    for word in (*WORDS, *more):
        for written in {word, word.lower(), word.upper(), word.title()}:
            for end in ("", "\n", "\r\n"):
                if sha256((written + end).encode()).hexdigest() == token_sha256:
                    return written
    return None
