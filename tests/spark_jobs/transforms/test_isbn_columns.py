import pytest
from frames import frame
from pyspark.sql import functions as F

from spark_jobs.transforms.isbn import digits_only, is_isbn10, is_isbn13, isbn13_of_isbn10


def of(spark, rule, text):
    return frame(spark, "isbn string", (text,)).select(rule(F.col("isbn"))).first()[0]


@pytest.mark.parametrize(
    ("isbn13", "holds"),
    [
        ("9780306406157", True),
        ("9798600000001", True),
        ("9780306406158", False),
        ("9780306406175", False),
        ("978030640615", False),
        ("978-0306406157", False),
        ("978030640615X", False),
        ("9780306406157\n", False),
        ("٩٧٨٠٣٠٦٤٠٦١٥٧", False),
        ("", False),
        (None, None),
    ],
    ids=[
        "right",
        "right, under 979",
        "another last digit",
        "two digits swapped",
        "a digit short",
        "a hyphen",
        "a letter",
        "a line break at the end",
        "digits of another script",
        "empty",
        "nothing",
    ],
)
def test_an_isbn13_is_13_digits_with_a_right_check_digit(spark, isbn13, holds):
    assert of(spark, is_isbn13, isbn13) is holds


@pytest.mark.parametrize(
    ("isbn10", "holds"),
    [
        ("0306406152", True),
        ("080442957X", True),
        ("080442957x", False),
        ("0306406153", False),
        ("0306406512", False),
        ("X306406152", False),
        ("306406152", False),
        ("0306406152\n", False),
        ("", False),
        (None, None),
    ],
    ids=[
        "right",
        "right, with an X for ten",
        "a small x",
        "another last digit",
        "two digits swapped",
        "an X in front",
        "a digit short",
        "a line break at the end",
        "empty",
        "nothing",
    ],
)
def test_an_isbn10_is_9_digits_with_a_right_check_character(spark, isbn10, holds):
    assert of(spark, is_isbn10, isbn10) is holds


@pytest.mark.parametrize(
    ("isbn10", "isbn13"),
    [("0306406152", "9780306406157"), ("080442957X", "9780804429573"), ("0201633612", "9780201633610")],
    ids=["an ordinary one", "one that ends in X", "one whose new check digit is 0"],
)
def test_an_isbn10_becomes_the_isbn13_of_the_same_book(spark, isbn10, isbn13):
    assert of(spark, isbn13_of_isbn10, isbn10) == isbn13


@pytest.mark.parametrize(
    ("written", "digits"),
    [("978-0-306-40615-7", "9780306406157"), (" 0 8044 2957 x\n", "080442957X"), ("", ""), (None, None)],
    ids=["hyphens", "blanks and a small x", "empty", "nothing"],
)
def test_an_identifier_is_left_with_its_digits_alone(spark, written, digits):
    assert of(spark, digits_only, written) == digits
