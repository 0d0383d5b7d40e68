"""How much of each kind of change a day brings."""

from dataclasses import dataclass

from datagen.plan import MAX_SALES, MAX_SEED, ShopPlan, check_range
from datagen.sales import CORRECTED_SHARE, DELETED_SHARE
from datagen.sizes import HARD_DELETE_SHARE, RETURN_SHARE

MAX_DAYS = 366
# Judgement: a price list of 20,000 books sees some twenty changes a day; five is one of each kind.
BOOK_CHANGE_SHARE = 0.001
FEWEST_BOOK_CHANGES = 5


@dataclass(frozen=True)
class Simulation:
    """What to simulate. None is the usual: the shop's own seed, its average of new lines, and the generator's shares.

    `even` spreads corrections, deletes and late rows over the whole life of the shop; otherwise most touch the last days.
    Raises ConfigError for a number out of its range.
    """

    days: int = 1
    seed: int | None = None
    sales: int | None = None  # new lines per day, late ones and returns included
    corrections: int | None = None
    soft_deletes: int | None = None
    hard_deletes: int | None = None
    book_changes: int | None = None
    even: bool = False

    def __post_init__(self) -> None:
        check_range("days", self.days, 1, MAX_DAYS)
        check_range("seed", self.seed or 0, 0, MAX_SEED)
        for name in ("sales", "corrections", "soft_deletes", "hard_deletes", "book_changes"):
            check_range(name.replace("_", "-"), getattr(self, name) or 0, 0, MAX_SALES)


@dataclass(frozen=True)
class DayCounts:
    """The rows that one day aims at; a shop too small to give them gives fewer."""

    new_lines: int
    returns: int
    corrections: int
    soft_deletes: int
    hard_deletes: int
    book_changes: int


def day_counts(simulation: Simulation, plan: ShopPlan, books: int) -> DayCounts:
    """The counts of each day for a shop of this plan that sells so many books."""
    lines = _given(simulation.sales, max(average_per_day(plan), 1))
    returns = round(lines * RETURN_SHARE)
    return DayCounts(
        new_lines=lines - returns,
        returns=returns,
        corrections=_given(simulation.corrections, max(round(lines * CORRECTED_SHARE), 1)),
        soft_deletes=_given(simulation.soft_deletes, max(round(lines * DELETED_SHARE), 1)),
        hard_deletes=_given(simulation.hard_deletes, max(round(lines * HARD_DELETE_SHARE), 1)),
        book_changes=_given(simulation.book_changes, max(round(books * BOOK_CHANGE_SHARE), FEWEST_BOOK_CHANGES)),
    )


def average_per_day(plan: ShopPlan) -> int:
    """Lines per day of the shop as it was generated."""
    return round(plan.sales / ((plan.until - plan.first_day).days + 1))


def _given(value: int | None, usual: int) -> int:
    return usual if value is None else value
