"""Comparing what was said with what was heard."""

from __future__ import annotations

import re

import jiwer

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def number_words(number: int) -> str:
    """English words of 0...999,999; larger numbers digit by digit."""
    if number < 20:
        return _SMALL[number]
    if number < 100:
        return (_TENS[number // 10 - 2] + (" " + _SMALL[number % 10] if number % 10 else "")).strip()
    if number < 1000:
        rest = number % 100
        return f"{_SMALL[number // 100]} hundred" + (f" {number_words(rest)}" if rest else "")
    if number < 1_000_000:
        rest = number % 1000
        return f"{number_words(number // 1000)} thousand" + (f" {number_words(rest)}" if rest else "")
    return " ".join(_SMALL[int(digit)] for digit in str(number))


def words(text: str) -> list[str]:
    """Lower-case words without punctuation; digits become words."""
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text.lower().replace("’", "'"))
    text = re.sub(r"\d+", lambda found: f" {number_words(int(found[0]))} ", text)
    return re.sub(r"[^a-z' ]+", " ", text).replace("'", "").split()


def word_error(said: str, heard: str) -> float:
    """Word error rate, 0 when both are empty; above 1 when far more was heard than said."""
    reference, hypothesis = words(said), words(heard)
    if not reference:
        return 1.0 if hypothesis else 0.0
    if not hypothesis:
        return 1.0
    return jiwer.wer(" ".join(reference), " ".join(hypothesis))


def heard_prefix(full: str, heard: str) -> int:
    """How many words of `full` were heard: the length of its beginning that fits best.

    An edit distance forgives the recogniser's own mistakes, which a plain count of words would not.
    """
    reference, hypothesis = words(full), words(heard)
    # distances[n]: from the first n words of the reference to the hypothesis so far.
    distances = list(range(len(reference) + 1))
    for word in hypothesis:
        previous, distances[0] = distances[0], distances[0] + 1
        for index, expected in enumerate(reference, start=1):
            best = min(previous + (expected != word), distances[index] + 1, distances[index - 1] + 1)
            previous, distances[index] = distances[index], best
    return min(range(len(distances)), key=lambda count: (distances[count], abs(count - len(hypothesis))))


def is_word_prefix(part: str, full: str) -> bool:
    """Whether the words of `part` begin `full`."""
    beginning = words(part)
    return words(full)[: len(beginning)] == beginning
