"""Text of records for people: its form shows, and what it says does not."""

import re


def masked(text: str) -> str:
    """A text whose letters are x and whose digits are 0."""
    return re.sub("[^\\W\\d_]", "x", re.sub(r"\d", "0", text))
