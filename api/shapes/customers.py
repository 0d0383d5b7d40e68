"""Answers about customers, aggregated."""

from typing_extensions import TypedDict

from api.shapes.bodies import Number


class CustomerMonth(TypedDict):
    """Customers of one month: those who had never bought before, the others, and by segment.

    Null is of fewer than ten customers, or would give such a count away.
    """

    month: str
    customers: int | None
    new: int | None
    repeat: int | None
    segments: dict[str, int | None]


class CustomerMonths(TypedDict):
    """The last complete months, in order."""

    months: list[CustomerMonth]


class Cohort(TypedDict):
    """Customers who first bought in the month `cohort`: how many, and of them those who bought in that month and each after."""

    cohort: str
    customers: int | None
    active: list[int | None]
    ratio: list[Number | None]


class Cohorts(TypedDict):
    """A cohort per complete month, in order."""

    cohorts: list[Cohort]
