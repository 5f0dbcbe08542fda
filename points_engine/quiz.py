"""测验与阅读 Quizzes and reading: what passes, which questions are drawn, when an answer is right, how long a text takes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

Key = TypeVar("Key", int, str)

SINGLE, MULTIPLE, TRUTH = "single", "multiple", "truth"
# A little slower than what was measured for adults (IReST 2012: about 255 characters or 228 words a minute); our own rule.
CHARACTERS_A_MINUTE = 240
WORDS_A_MINUTE = 200
# A lesson counts as read when it was open for half of its reading time, but never less or more than this.
LEAST_SECONDS, MOST_SECONDS = 10, 180
_CHARACTER = re.compile(r"[㐀-鿿豈-﫿\U00020000-\U0003134F]")
_WORD = re.compile(r"[A-Za-z0-9]+(?:['’.,-][A-Za-z0-9]+)*")


def needed(kind: str, mark: int, questions: int) -> int:
    """How many right answers pass: the count itself, or the least number that is at least `mark` percent.

    60 % of 7 questions is 4.2, so 5 pass and 4 do not.
    """
    return mark if kind == "count" else -(-questions * mark // 100)


def is_right(answers: Collection[int], chosen: Collection[int]) -> bool:
    """Exactly the right options and no other; nothing for a part of them."""
    return set(chosen) == set(answers)


def fitting(kind: str, options: int, chosen: Sequence[int]) -> bool:
    """Whether somebody may choose this: options there are, one of them, or at least one for multiple choice."""
    if len(set(chosen)) != len(chosen) or any(not 0 <= each < options for each in chosen):
        return False
    return len(chosen) >= 1 if kind == MULTIPLE else len(chosen) == 1


def order(seed: str, keys: Collection[Key]) -> list[Key]:
    """The keys in an order that the seed decides."""
    return sorted(keys, key=lambda key: hashlib.sha256(f"{seed}:{key}".encode()).digest())


def shares(questions: int, sizes: Sequence[int]) -> list[int]:
    """Deal a number of questions over topics: one to each in turn that has one left, the first topics first."""
    dealt = [0] * len(sizes)
    left = min(questions, sum(sizes))
    while left:
        for n, size in enumerate(sizes):
            if left and dealt[n] < size:
                dealt[n] += 1
                left -= 1
    return dealt


def draw(seed: str, pool: Mapping[str, Collection[int]], questions: int, topics: Sequence[str] = ()) -> list[int]:
    """Questions for one attempt: evenly over the topics when some are given, from everything when none are."""
    groups = [pool.get(topic, ()) for topic in topics] or [[each for found in pool.values() for each in found]]
    dealt = shares(questions, [len(group) for group in groups])
    taken = [each for group, n in zip(groups, dealt, strict=True) for each in order(seed, group)[:n]]
    return order(f"{seed}:all", taken)


def option_order(seed: str, question: int, kind: str, options: int) -> list[int]:
    """In which order the options are shown; true stays before false."""
    return list(range(options)) if kind == TRUTH else order(f"{seed}:{question}", range(options))


def reading_seconds(text: str) -> int:
    """How long a text takes: Chinese characters and words of Latin letters, each at its own pace, rounded up."""
    characters, words = len(_CHARACTER.findall(text)), len(_WORD.findall(text))
    return -(
        -(characters * 60 * WORDS_A_MINUTE + words * 60 * CHARACTERS_A_MINUTE) // (CHARACTERS_A_MINUTE * WORDS_A_MINUTE)
    )


def seconds_to_read(seconds: int) -> int:
    """For how long a lesson has to be open before it can be called read."""
    return max(LEAST_SECONDS, min(MOST_SECONDS, -(-seconds // 2)))
