"""How many entities bear the name that two records share: a rare name says more."""

LEVELS = ("only", "few", "some", "many")
_FEW, _SOME = 4, 20


def level(entities: str) -> str:
    """Return SQL for the level of a name that so many entities bear."""
    return f"""case when {entities} <= 1 then 1 when {entities} <= {_FEW} then 2
        when {entities} <= {_SOME} then 3 else 4 end"""
