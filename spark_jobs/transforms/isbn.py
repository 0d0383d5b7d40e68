"""ISBN rules as columns. Check digits: ISO 2108; ISBN-13 weights 1 and 3 modulo 10, ISBN-10 weights 10 to 1 modulo 11."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def is_isbn13(isbn: Column) -> Column:
    """Whether the text is 13 digits with a right check digit; null for null."""
    digits = F.transform(F.split(isbn, ""), lambda digit: digit.try_cast("int"))
    weighted = F.transform(digits, lambda digit, place: digit * F.when(place % 2 == 0, 1).otherwise(3))
    total = F.aggregate(weighted, F.lit(0), lambda running, value: running + value)
    return F.when(isbn.rlike(r"^[0-9]{13}\z"), total % 10 == 0).when(isbn.isNotNull(), F.lit(False))


def is_isbn10(isbn: Column) -> Column:
    """Whether the text is 9 digits and a right check character, X for 10; null for null."""
    characters = F.split(isbn, "")
    values = F.transform(characters, lambda digit: F.when(digit == "X", 10).otherwise(digit.try_cast("int")))
    weighted = F.transform(values, lambda value, place: value * (F.lit(10) - place))
    total = F.aggregate(weighted, F.lit(0), lambda running, value: running + value)
    return F.when(isbn.rlike(r"^[0-9]{9}[0-9X]\z"), total % 11 == 0).when(isbn.isNotNull(), F.lit(False))


def isbn13_of_isbn10(isbn10: Column) -> Column:
    """The ISBN-13 of a valid ISBN-10: prefix 978, the first nine digits, a new check digit."""
    body = F.concat(F.lit("978"), F.substring(isbn10, 1, 9))
    digits = F.transform(F.split(body, ""), lambda digit: digit.try_cast("int"))
    weighted = F.transform(digits, lambda digit, place: digit * F.when(place % 2 == 0, 1).otherwise(3))
    total = F.aggregate(weighted, F.lit(0), lambda running, value: running + value)
    return F.concat(body, ((F.lit(10) - total % 10) % 10).cast("string"))


def digits_only(isbn: Column) -> Column:
    """The identifier without hyphens and blanks, check letter in upper case."""
    return F.upper(F.regexp_replace(isbn, "[-\\s]", ""))
