"""What happens to a number of eighteen characters between the card and the record."""

import numpy as np
import pyarrow.compute as pc

from jiceng_pipeline.simulation import text
from jiceng_pipeline.simulation.chance import Bools, Lots, happens
from jiceng_pipeline.simulation.text import Text

FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")
ZERO, NINE = ord("0"), ord("9")
KEPT = 8  # digits Excel leaves of a long number


def has_eighteen(numbers: Text) -> Bools:
    """Return which numbers have eighteen characters, as all have but those of permits and passports."""
    return np.asarray(pc.equal(pc.utf8_length(numbers), 18))


def mistyped(numbers: Text, rng: Lots) -> Text:
    """Replace one of the first seventeen characters by another digit."""
    letters = text.characters(numbers, 18)
    row, place = np.arange(len(letters)), rng.integers(0, 17, len(letters))
    old = letters[row, place].astype(np.int64) - ZERO
    letters[row, place] = (old + rng.integers(1, 10, len(letters))) % 10 + ZERO
    return text.from_characters(letters)


def transposed(numbers: Text, rng: Lots) -> Text:
    """Swap two different neighbours after the area code."""
    letters = text.characters(numbers, 18)
    row, differs = np.arange(len(letters)), letters[:, 6:16] != letters[:, 7:17]
    place = 6 + np.argmax(differs * (1 + rng.random(differs.shape)), axis=1)
    letters[row, place], letters[row, place + 1] = letters[row, place + 1], letters[row, place].copy()
    return text.from_characters(letters)


def has_zero(numbers: Text) -> Bools:
    """Return which numbers have a zero somebody may type as a letter."""
    return np.asarray((text.characters(numbers, 18)[:, :17] == ZERO).any(axis=1))


def with_letter_o(numbers: Text, rng: Lots) -> Text:
    """Type the letter O for one of the zeros."""
    letters = text.characters(numbers, 18)
    zeros = letters[:, :17] == ZERO
    place = np.argmax(zeros * (1 + rng.random(zeros.shape)), axis=1)
    letters[np.arange(len(letters)), place] = ord("O")
    return text.from_characters(letters)


def fifteen_digits(numbers: Text, _: Lots) -> Text:
    """Return the number as it was before 1999: two digits of the year, no check character."""
    return text.from_characters(np.delete(text.characters(numbers, 18), [6, 7, 17], axis=1))


def is_all_digits(numbers: Text) -> Bools:
    """Return which numbers a spreadsheet takes for numbers."""
    letters = text.characters(numbers, 18)
    return np.asarray(((letters >= ZERO) & (letters <= NINE)).all(axis=1))


def destroyed(numbers: Text, _: Lots) -> Text:
    """Return what Excel makes of a long number: 3.2060219E+17."""
    letters = text.characters(numbers, 18)
    parts = (letters[:, :1], letters[:, 1:KEPT])
    head, rest = (text.from_characters(np.ascontiguousarray(part)) for part in parts)
    return text.join(head, ".", rest, "E+17")


def full_width(numbers: Text, _: Lots) -> Text:
    """Type in an input method's full width: ３２０６０２…"""
    return text.column([each.translate(FULL_WIDTH) for each in numbers.to_pylist()])


def spaced(numbers: Text, rng: Lots) -> Text:
    """Group a number, or leave a space at its end."""
    letters = text.characters(numbers, 18)
    a, b, c = (text.from_characters(part) for part in np.split(letters, (6, 14), axis=1))
    return text.where(happens(rng, len(numbers), 0.5), text.join(a, " ", b, " ", c), text.join(numbers, " "))


def ends_in_x(numbers: Text) -> Bools:
    """Return which numbers end in X."""
    return np.asarray(text.characters(numbers, 18)[:, 17] == ord("X"))


def with_small_x(numbers: Text, _: Lots) -> Text:
    """Write the closing X small."""
    letters = text.characters(numbers, 18)
    letters[:, 17] = ord("x")
    return text.from_characters(letters)
