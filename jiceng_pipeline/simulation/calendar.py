"""What goes wrong with deliveries, on set days after the first one: late, twice, again, under other names."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

FLOATING = "public_security/floating_population"
REGISTER = "market_supervision/enterprise_register"


@dataclass(frozen=True)
class Mishap:
    """Something odd about a system's deliveries from a day to a day, both included.

    `late`: nothing new is sent. `twice`: the same file comes again under a new name. `again`: the file of the
    day `of` is put there once more. `renamed`: columns have other names.
    """

    system: str
    kind: Literal["late", "twice", "again", "renamed"]
    first: int
    last: int
    of: int = 0
    names: Mapping[str, str] = field(default_factory=dict)


CALENDAR = (
    Mishap(FLOATING, "late", 5, 7),
    Mishap(FLOATING, "twice", 9, 9),
    Mishap(FLOATING, "again", 13, 13, of=11),
    Mishap(FLOATING, "renamed", 16, 10_000, names={"LXDH": "LXFS"}),  # its contract knows the new name
    Mishap(REGISTER, "renamed", 20, 22, names={"TEL": "LXDH"}),  # nobody was told; changed back when asked
)


def mishap(system: str, kind: str, day: int) -> Mishap | None:
    """Return what of that kind happens to a system's deliveries on a day, if anything."""
    found = (each for each in CALENDAR if each.system == system and each.kind == kind)
    return next((each for each in found if each.first <= day <= each.last), None)


def heading(system: str, day: int) -> Mapping[str, str]:
    """Return the columns a system calls otherwise on a day."""
    found = mishap(system, "renamed", day)
    return found.names if found else {}
