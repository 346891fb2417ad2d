"""Values of people that must not be met where a test looks for them."""


def leaks(canaries, told):
    """Return where a canary is met; at every place all are looked for at once, by the signs they begin with."""
    shortest, begun = min(map(len, canaries)), {}
    for canary in canaries:
        begun.setdefault(canary[:shortest], []).append(canary)

    def is_met(text):
        return any(
            text.startswith(tuple(begun[text[at : at + shortest]]), at)
            for at in range(len(text) - shortest + 1)
            if text[at : at + shortest] in begun
        )

    return sorted({where for where, text in told if is_met(text)})
