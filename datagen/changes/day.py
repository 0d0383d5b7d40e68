"""One day's changes, planned by reading the shop alone."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from psycopg2 import extensions

from datagen.arrays import Columns
from datagen.changes.announced import NewPromotion, new_promotions, new_rates, read_promotions
from datagen.changes.book_changes import CHANGED, BookChange, change_books
from datagen.changes.clock import SimulatedClock
from datagen.changes.kinds import Simulation, day_counts
from datagen.changes.new_returns import make_returns
from datagen.changes.new_sales import NewSales, make_new_sales
from datagen.changes.pool import read_pool
from datagen.changes.read import row_count
from datagen.changes.touched import CORRECTIONS, Touched, touch_lines


@dataclass(frozen=True)
class DayChanges:
    """All that one day does to a shop."""

    sales: NewSales
    returns: Columns
    touched: Touched
    books: list[BookChange]
    rates: dict[str, Decimal]
    promotions: list[NewPromotion]

    @property
    def row_counts(self) -> dict[str, int]:
        """Rows by kind of change."""
        late = int(self.sales.is_late.sum())
        changed = [change.column for change in self.books]
        return {
            "new sales": row_count(self.sales.lines) - late,
            "late sales": late,
            "returns": row_count(self.returns),
            "new customers": row_count(self.sales.newcomers),
            **{f"corrected {name}": row_count(self.touched.corrected[name]) for name in CORRECTIONS},
            "soft deletes": len(self.touched.soft_deleted),
            "hard deletes": len(np.union1d(self.touched.hard_deleted, self.touched.returns_of_deleted)),
            **{f"changed {name}": changed.count(name) for name in CHANGED},
            "exchange rates": len(self.rates),
            "new promotions": len(self.promotions),
        }


def plan_day(cursor: extensions.cursor, clock: SimulatedClock, simulation: Simulation) -> DayChanges:
    """The changes of the clock's day. Raises RefusedError where the shop has no sale to draw new ones after."""
    pool = read_pool(cursor, clock)
    promotions, promotion_ids = read_promotions(cursor)
    counts = day_counts(simulation, clock.plan, len(np.unique(pool["book"])))
    sales = make_new_sales(clock, pool, promotions, counts.new_lines, simulation.even)
    # Behind the last promotion stands 0, which position -1 finds: none.
    sales.lines["promotion"] = np.array([*promotion_ids, 0])[sales.lines["promotion"]]
    returns = make_returns(cursor, clock, counts.returns)
    return DayChanges(
        sales=sales,
        returns=returns,
        touched=touch_lines(cursor, clock, counts, returns["original"], simulation.even),
        books=change_books(cursor, clock, pool["book"], counts.book_changes),
        rates=new_rates(cursor, clock),
        promotions=new_promotions(cursor, clock),
    )
