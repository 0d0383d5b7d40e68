"""From questions to rows: asks the warehouse within what the caller may see, and rounds money to the cent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from api.cache import AnswerCache
from api.params import WindowQuery
from api.view import MODEL, PERMISSIONS, View
from api.windows import Comparison, Interval, Window, bucket_start, buckets
from warehouse.launch import plan_launch_weeks
from warehouse.members import plan_members
from warehouse.movement import plan_movement
from warehouse.planner import Plan, Question, plan
from warehouse.ranking import BOOK_DIMENSIONS, plan_page, plan_ranking
from warehouse.warehouses import Reading

Metrics = dict[str, Any]
Filters = Mapping[str, Sequence[object]]

SUMS = ("gross_units", "return_units", "net_units", "gross_revenue", "net_revenue")
PRICE_DECIMALS, RATIO_DECIMALS = 4, 6
SUGGESTIONS = 30


class UnknownMemberError(Exception):
    """A filter names a member that is not there, or not for the caller; `allowed` are those there are, where they are few."""

    def __init__(self, parameter: str, found: list[str], allowed: list[str]) -> None:
        few = f"; there are {', '.join(allowed)}" if 0 < len(allowed) < SUGGESTIONS else ""
        super().__init__(f"no {parameter} {', '.join(found)}{few}")
        self.parameter = parameter


@dataclass(frozen=True)
class Compared:
    """The window of a comparison; `is_cut` where it was cut to the days that the other one has data for."""

    kind: Comparison
    window: Window
    is_cut: bool


class Answers:
    """Answers from one publication for one view, with a note of the tables that gave them."""

    def __init__(self, reading: Reading, cache: AnswerCache, view: View) -> None:
        self.publication = reading.publication
        self.view = view
        # For the audit and for `answered_by`: names only, never a value.
        self.tables: dict[str, None] = {}
        self.columns: dict[str, None] = {}
        self.row_count = 0
        self._reading = reading
        self._cache = cache

    def window(self, query: WindowQuery) -> Window:
        """The business dates that a request means."""
        if query.from_date and query.until:
            return Window(query.from_date, query.until)
        last = self.publication.data_through or self.publication.snapshot_at.date() - timedelta(days=1)
        return Window(last - timedelta(days=query.day_count - 1), last)

    def compared(self, window: Window, kind: Comparison | None) -> Compared | None:
        """What a window is compared with, like for like: no more days than it has data for."""
        if kind is None:
            return None
        last = self.publication.data_through
        if last is None or not window.first <= last < window.last:
            return Compared(kind, window.before(kind), False)
        elapsed = Window(window.first, last)
        if kind == "previous_period":
            return Compared(kind, window.before(kind).first_days(elapsed.day_count), True)
        return Compared(kind, elapsed.before(kind), True)

    def check(self, filters: Filters) -> None:
        """Raise UnknownMemberError for a value of a filter that is not there, HiddenColumnError for a filter out of sight."""
        self.view.require(filters)
        for name, values in filters.items():
            found = {row["member"] for row in self._rows(plan_members(name, self.view.scope, MODEL, values))}
            missing = [str(value) for value in values if value not in found]
            if missing:
                allowed = self._rows(plan_members(name, self.view.scope, MODEL, limit=SUGGESTIONS))
                raise UnknownMemberError(
                    name, [value[:60] for value in missing[:5]], [str(r["member"]) for r in allowed]
                )

    def members(self, name: str, limit: int, search: str = "") -> list[str]:
        """The first members in sight that a filter may name, in order. Raises HiddenColumnError for a filter out of sight."""
        self.view.require((name,))
        self.columns |= {name: None}
        return [str(row["member"]) for row in self._rows(plan_members(name, self.view.scope, MODEL, (), limit, search))]

    def metrics(self, window: Window, filters: Filters) -> Metrics:
        """Every metric in sight over the whole window; counts of few people are left out, and named."""
        (row,) = self._asked(Question(self.view.metrics, window.first, window.until, filters=dict(filters)))
        return shown_row(row)

    def series(self, window: Window, interval: Interval, metrics: tuple[str, ...], filters: Filters) -> list[Metrics]:
        """Every bucket of the window, those without a sale too."""
        week_start = self.publication.retail_week_start
        rows = self._asked(Question(metrics, window.first, window.until, (interval,), dict(filters)))
        found = {bucket_start(row[interval], interval, week_start): row for row in rows}
        nothing = {
            name: 0 if MODEL.metric(name).is_additive or MODEL.metric(name).distinct else None for name in metrics
        }
        return [
            {
                "start": bucket.first,
                "end": bucket.last,
                "is_complete": window.first <= bucket.first
                and bucket.last <= window.last
                and self.has_data_through(bucket.last),
                "metrics": {name: rounded(name, found.get(bucket.first, nothing)[name]) for name in metrics},
            }
            for bucket in buckets(window, interval, week_start)
        ]

    def ranking(
        self, window: Window, dimensions: tuple[str, ...], by: str, limit: int, after: int, filters: Filters
    ) -> Metrics:
        """A page of members with their sums, place and labels, and `other` and `total`: nothing is cut in silence."""
        sums = SUMS if by in SUMS else (*SUMS, by)
        question = Question(sums, window.first, window.until, dimensions, dict(filters), order_by=by, limit=limit)
        rows = self._asked(question, after=after)
        total, count = self._totals(rows, question, after)
        listed = {name: sum(row[name] for row in rows) for name in sums}
        other = {name: total[name] - listed[name] for name in sums}
        return {
            "rows": [{**row, **_sums(row, total, sums), "rank": row["place"]} for row in rows],
            "other": _sums(other, total, sums) | {"count": count - len(rows)},
            "total": _sums(total, total, sums) | {"count": count},
            "next": after + len(rows) if after + len(rows) < count else None,
        }

    def previous(
        self, rows: list[Metrics], window: Window, dimensions: tuple[str, ...], filters: Filters
    ) -> dict[Any, Metrics]:
        """Sums over another window of the members that rows list, by their dimensions."""
        asked = dict(filters)
        if dimensions == BOOK_DIMENSIONS:
            known = [row for row in rows if row["book_id"] is not None]
            asked |= {name: list(dict.fromkeys(row[name] for row in known)) for name in dimensions}
        found = self._asked(Question(SUMS, window.first, window.until, dimensions, asked))
        return {tuple(row[name] for name in dimensions): _plain_sums(row) for row in found}

    def breakdown(
        self, window: Window, dimensions: tuple[str, ...], metrics: tuple[str, ...], limit: int, filters: Filters
    ) -> list[Metrics]:
        """The first members by the first metric, each with its metrics and the `row_count` of all."""
        asked = Question(metrics, window.first, window.until, dimensions, dict(filters), metrics[0], limit)
        return self.page(asked, 0)

    def members_of(
        self, window: Window, dimensions: tuple[str, ...], metrics: tuple[str, ...], filters: Filters
    ) -> dict[Any, Metrics]:
        """Metrics of every member, by its dimensions; without any, of all together."""
        rows = self._asked(Question(metrics, window.first, window.until, dimensions, dict(filters)))
        return {
            tuple(row[name] for name in dimensions): {name: rounded(name, row[name]) for name in metrics}
            for row in rows
        }

    def movement(
        self, window: Window, before: Window, dimensions: tuple[str, ...], measure: str, limit: int, filters: Filters
    ) -> list[Metrics]:
        """The members whose change is the largest, gains first, with totals over all of them."""
        now, then = (
            self._narrowed(Question((measure,), days.first, days.until, dimensions, dict(filters), limit=limit))
            for days in (window, before)
        )
        return self._rows(plan_movement(now, then, MODEL))

    def page(self, question: Question, after: int) -> list[Metrics]:
        """Rows of any question after a place, each with `place` and the `row_count` of all."""
        return self._rows(plan_page(self._narrowed(question), MODEL, after))

    def looked_up(self, planned: Plan) -> list[Metrics]:
        """Rows of a plan that is about no numbers and narrowed already."""
        return self._rows(planned)

    def by_day(self, window: Window, metrics: tuple[str, ...], filters: Filters) -> list[Metrics]:
        """Metrics of the days of a window that have a sale."""
        return self._asked(Question(metrics, window.first, window.until, ("day",), dict(filters)))

    def launch_weeks(self, window: Window, books: tuple[str, ...], weeks: int) -> dict[tuple[str, int], int]:
        """Net units by ISBN and week since publication of those books; weeks without a sale are not there."""
        question = Question(("net_units",), window.first, window.until, filters={"book": books})
        rows = self._rows(plan_launch_weeks(self._narrowed(question), weeks, MODEL))
        return {(row["isbn13"], row["week"]): row["net_units"] for row in rows}

    def has_data_through(self, day: date) -> bool:
        """Whether the publication has all sales of the day."""
        return self.publication.data_through is not None and day <= self.publication.data_through

    def _totals(self, rows: list[Metrics], question: Question, after: int) -> tuple[Metrics, int]:
        if not rows and after:
            # Beyond the last row there is none to carry the totals.
            rows = self._asked(question)
        total = {name: rows[0][f"total_{name}"] if rows else 0 for name in question.metrics}
        return total, rows[0]["member_count"] if rows else 0

    def _asked(self, question: Question, after: int = 0) -> list[Metrics]:
        narrowed = self._narrowed(question)
        return self._rows(plan_ranking(narrowed, MODEL, after) if question.limit else plan(narrowed, MODEL))

    def _narrowed(self, question: Question) -> Question:
        self.columns |= dict.fromkeys((*question.metrics, *question.dimensions, *question.filters))
        return self.view.narrowed(question)

    def _rows(self, planned: Plan) -> list[Metrics]:
        self.tables |= dict.fromkeys(planned.tables)
        rows = self._cache.rows(self._reading, planned, self.view.key)
        self.row_count += len(rows)
        return rows


def shown_row(row: Metrics) -> Metrics:
    """Metrics as they go out; counts of few people are null and named in `suppressed`."""
    few = 0 < (row.get("customers") or 0) < PERMISSIONS.smallest_customer_cell
    shown = {name: rounded(name, value) for name, value in row.items()}
    return {**shown, **({"customers": None} if few else {}), "suppressed": ["customers"] if few else []}


def _plain_sums(row: Metrics) -> Metrics:
    return {name: rounded(name, row[name]) for name in SUMS}


def _sums(sums: Metrics, total: Metrics, names: tuple[str, ...]) -> Metrics:
    share = round(float(sums["net_revenue"] / total["net_revenue"]), RATIO_DECIMALS) if total["net_revenue"] else None
    return {name: rounded(name, sums[name]) for name in names} | {"net_revenue_share": share}


def rounded(name: str, value: Any) -> Any:
    """Money of sums to the cent, an average price to a hundredth of a cent, a ratio to a millionth."""
    metric = MODEL.metrics.get(name)
    if metric is None:
        return value
    if metric.unit == "money" and not isinstance(value, float | None):
        return Decimal(value).quantize(Decimal("0.01"))
    if isinstance(value, float):
        return round(value, PRICE_DECIMALS if metric.unit == "money" else RATIO_DECIMALS)
    return value
