"""Whether the entity already has a current record in the system the other record comes from."""

LEVELS = ("free", "taken", "shared")
