"""Answers about one book, and books like it."""

from typing import NotRequired

from typing_extensions import TypedDict

from api.shapes.analytics import SummaryMetrics
from api.shapes.bodies import Number


class FoundBook(TypedDict):
    """A book as it is called today."""

    isbn13: str
    title: str
    author_names: list[str]
    publisher: str
    format: str
    published_on: str | None


class ComparableBook(TypedDict):
    """A book that another one is held against."""

    isbn13: str
    title: str
    published_on: str
    is_same_subgenre: bool


class ComparableWeek(TypedDict):
    """A week since publication of those of the books that had all of it: net units in the middle, and of the middle half."""

    week: int
    book_count: int
    lower: Number
    median: Number
    upper: Number


class Comparables(TypedDict):
    """Books like one, nearest first, and how they were launched."""

    books: list[ComparableBook]
    weeks: list[ComparableWeek]


class Book(TypedDict):
    """A book as it is called today; its cost is there for those who may see it."""

    isbn13: str | None
    title: str
    work_title: str | None
    series: str | None
    series_number: int | None
    author_names: list[str]
    genre: str
    subgenre: str
    publisher: str
    imprint: str
    format: str
    language: str | None
    page_count: int | None
    list_price: Number | None
    unit_cost: NotRequired[Number | None]
    currency: str | None
    published_on: str | None


class LaunchWeek(TypedDict):
    """One week since publication, the first is 1."""

    week: int
    start: str
    is_complete: bool
    net_units: int
    net_revenue: Number


class BookDetail(TypedDict):
    """A book, every edition of its work, its metrics over the window, and its first 52 weeks, whatever the window."""

    book: Book
    editions: list[Book]
    metrics: SummaryMetrics
    launch: list[LaunchWeek]
