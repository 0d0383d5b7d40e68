"""ISBNs with correct check digits, for arrays of books."""

import numpy as np

from datagen.arrays import Ints, Texts

# 978 for any book; 979-8 for newer ones from the United States. An ISBN-10 exists under 978 only.
BOOKLAND, BOOKLAND_NEW = 978, 979


def isbn13_of(prefix: Ints, body: Ints) -> Texts:
    """Thirteen digits: prefix (978 or 979), nine digits of `body`, check digit (weights 1 and 3, modulo 10)."""
    leading = prefix * 10**9 + body
    weighted = _digits(leading, 12) * np.where(np.arange(12) % 2 == 0, 1, 3)
    numbers: Ints = leading * 10 + -weighted.sum(axis=1) % 10
    return numbers.astype(np.str_)


def isbn10_of(body: Ints) -> Texts:
    """Nine digits of `body` and the check digit (weights 10 down to 2, modulo 11, ten is X)."""
    weighted = _digits(body, 9) * np.arange(10, 1, -1)
    check = np.array([*"0123456789X"])[-weighted.sum(axis=1) % 11]
    return np.char.add(np.char.zfill(body.astype(np.str_), 9), check)


def _digits(numbers: Ints, count: int) -> Ints:
    """One row per number, one column per digit, leading zeros included."""
    return numbers[:, None] // 10 ** np.arange(count - 1, -1, -1) % 10
