import numpy as np
import pytest

from datagen.isbn import isbn10_of, isbn13_of


@pytest.mark.parametrize(
    ("prefix", "body", "isbn13"),
    [
        (978, 30640615, "9780306406157"),
        (978, 80442957, "9780804429573"),
        (979, 860000000, "9798600000001"),
    ],
    ids=["leading zero in the body", "whose ISBN-10 ends in X", "under 979"],
)
def test_an_isbn13_ends_in_its_check_digit(prefix, body, isbn13):
    assert isbn13_of(np.array([prefix]), np.array([body])).tolist() == [isbn13]


@pytest.mark.parametrize(("body", "isbn10"), [(30640615, "0306406152"), (80442957, "080442957X")])
def test_an_isbn10_ends_in_its_check_digit_or_an_x(body, isbn10):
    assert isbn10_of(np.array([body])).tolist() == [isbn10]


def test_every_isbn13_of_the_shop_is_valid_and_used_once(shop):
    isbns = [book["isbn13"] for book in shop["books_book"]]

    assert len(set(isbns)) == len(isbns)
    assert all(isbn[:3] in ("978", "979") and len(isbn) == 13 for isbn in isbns)
    assert all(
        sum(int(digit) * weight for digit, weight in zip(isbn, [1, 3] * 6 + [1], strict=True)) % 10 == 0
        for isbn in isbns
    )


def test_a_book_has_an_isbn10_of_the_same_digits_if_its_isbn13_begins_with_978(shop):
    for book in shop["books_book"]:
        if book["isbn13"].startswith("979"):
            assert book["isbn10"] is None
        else:
            assert book["isbn10"][:9] == book["isbn13"][3:12]


def test_every_isbn10_of_the_shop_is_valid(shop):
    for isbn in [book["isbn10"] for book in shop["books_book"] if book["isbn10"]]:
        digits = [10 if digit == "X" else int(digit) for digit in isbn]
        assert sum(digit * weight for digit, weight in zip(digits, range(10, 0, -1), strict=True)) % 11 == 0
