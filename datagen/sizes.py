"""How many rows each table gets: dimensions grow slower than sales, as they do in a shop."""

from dataclasses import dataclass

from datagen.plan import ShopPlan

# The row counts below are those of a shop with this many sale lines.
REFERENCE_SALES = 1_000_000
RETURN_SHARE = 0.06
HARD_DELETE_SHARE = 0.0005


@dataclass(frozen=True)
class ShopSizes:
    """Row counts that a plan leads to; book and author links follow from the draw."""

    publishers: int
    authors: int
    series: int
    works: int
    books: int
    bookstores: int
    customers: int
    returns: int
    tombstones: int


def sizes_of(plan: ShopPlan) -> ShopSizes:
    """The row counts of a plan, each at least what every country and channel needs."""
    scale = plan.sales / REFERENCE_SALES
    works = _grown(12_000, scale, 0.6, at_least=24)
    return ShopSizes(
        publishers=_grown(80, scale, 0.25, at_least=8),
        authors=max(works // 2, 12),
        series=max(works // 40, 2),
        works=works,
        books=works * 5 // 3,
        bookstores=_grown(104, scale, 0.5, at_least=8),
        customers=_grown(60_000, scale, 0.9, at_least=48),
        returns=round(plan.sales * RETURN_SHARE),
        tombstones=max(round(plan.sales * HARD_DELETE_SHARE), 2),
    )


def _grown(reference: int, scale: float, exponent: float, at_least: int) -> int:
    return max(round(reference * float(scale**exponent)), at_least)
