"""Values of people that must not be met where a test looks for them."""

SHORTEST = 8  # signs of a value that is looked for


def leaks(canaries, told):
    """Return where a canary is met; at every place all are looked for at once, by the signs they begin with."""
    begun = {}
    for canary in canaries:
        begun.setdefault(canary[:SHORTEST], []).append(canary)

    def is_met(text):
        return any(
            text.startswith(tuple(begun[text[at : at + SHORTEST]]), at)
            for at in range(len(text) - SHORTEST + 1)
            if text[at : at + SHORTEST] in begun
        )

    return sorted({where for where, text in told if is_met(text)})
