"""A plain fact, such as sex: the same, or another."""

LEVELS = ("same", "other")
SPELT = ()  # places of the features whose text is compared; of the others, whether they are equal


def level(feature: str) -> str:
    """Return SQL over the faces `l` and `r`; 0 where one of them does not say."""
    return (
        f"case when l.{feature} is null or r.{feature} is null then 0 when l.{feature} = r.{feature} then 1 else 2 end"
    )
