"""Counts of few people are left out, and with each as many others that no sum gives it back.

The parts of a total are hidden together: at least two of them, of at least `smallest` people in all, so that what is shown,
taken from the total, says nothing about one small part.
"""

from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

Part = TypeVar("Part", bound=Hashable)


def hidden_parts(counts: Mapping[Part, int], smallest: int, held_back: Collection[Part] = ()) -> set[Part]:
    """The parts of one total that are not to be shown. A part of nobody is shown: there is nobody to protect.

    `held_back` are parts to hide for another reason. Where the total itself is too small, every part with anybody in it is hidden;
    then the total must be hidden too.
    """
    with_people = sorted((part for part in counts if counts[part]), key=lambda part: counts[part])
    hidden = [part for part in with_people if counts[part] < smallest or part in held_back]
    others = [part for part in with_people if part not in hidden]
    while hidden and others and (len(hidden) < 2 or sum(counts[part] for part in hidden) < smallest):
        hidden.append(others.pop(0))
    return set(hidden)


def is_small(count: int, smallest: int) -> bool:
    """Whether a count is of so few people that it is not shown."""
    return 0 < count < smallest
