"""What an event is, and the hash that ties it to the one before."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

GENESIS = "0" * 64
AFTER_ALL = "\U0010ffff"  # the last sign there is: what begins with a text lies between it and it with this


class Head(NamedTuple):
    """The last event's number and hash; number 0 with the genesis hash where there is none."""

    seq: int
    hash: str


NOTHING = Head(0, GENESIS)


@dataclass(frozen=True)
class Event:
    """One row of the ledger, exactly as stored: `text` is the body's canonical JSON, `at` is ISO 8601."""

    seq: int
    kind: str
    subject: str
    text: str
    actor: str
    at: str
    previous: str
    hash: str

    @property
    def body(self) -> Mapping[str, Any]:
        """Return the body as plain values; `views.entries` gives it typed."""
        body: dict[str, Any] = json.loads(self.text)
        return body

    @property
    def head(self) -> Head:
        """Return what the ledger's head is while this is its last event."""
        return Head(self.seq, self.hash)

    @property
    def receipt(self) -> str:
        """Return the receipt number (回执号): whoever keeps it can prove that this event was there."""
        return f"{self.seq}-{self.hash[:12]}"

    def follows(self, before: Head) -> bool:
        """Say whether it is whole and stands right after `before`."""
        return (
            self.seq == before.seq + 1
            and self.previous == before.hash
            and self.hash == digest(self.seq, self.kind, self.subject, self.text, self.actor, self.at, self.previous)
        )


def sealed(before: Head, kind: str, subject: str, text: str, actor: str, at: str) -> Event:
    """Return the event that comes after `before`."""
    seq = before.seq + 1
    return Event(
        seq, kind, subject, text, actor, at, before.hash, digest(seq, kind, subject, text, actor, at, before.hash)
    )


def canonical(value: Mapping[str, Any]) -> str:
    """Return the one JSON text that `value` has: sorted keys, no spaces, UTF-8 as it is."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False, default=repr)


def digest(seq: int, kind: str, subject: str, text: str, actor: str, at: str, previous: str) -> str:
    """Return the SHA-256 of the canonical JSON of everything an event says; `text` goes in as text."""
    said = {
        "seq": seq,
        "kind": kind,
        "subject": subject,
        "body": text,
        "actor": actor,
        "at": at,
        "previous": previous,
    }
    # a damaged file may hold bytes or broken text; they get some hash, which is then the wrong one
    return sha256(canonical(said).encode("utf-8", "surrogatepass")).hexdigest()
