"""From questions to JSON: asks the warehouse, shapes its rows, and renders them with money to the cent."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
from fastapi import Response

from api.cache import AnswerCache
from api.params import WindowQuery
from api.windows import Interval, Window, bucket_start, buckets
from warehouse.duckdb_warehouse import Generation
from warehouse.permissions import load_permissions
from warehouse.planner import Plan, Question, plan
from warehouse.ranking import plan_ranking
from warehouse.semantic import load_model

Metrics = dict[str, Any]

MODEL = load_model()
PERMISSIONS = load_permissions()
SUMMARY_METRICS = tuple(name for name in PERMISSIONS.metrics_of("viewer", MODEL))
SUMS = ("gross_units", "return_units", "net_units", "gross_revenue", "net_revenue")
PRICE_DECIMALS, RATIO_DECIMALS = 4, 6


class Answers:
    """Answers from one publication, with a note of the tables that gave them."""

    def __init__(self, generation: Generation, cache: AnswerCache) -> None:
        self.publication = generation.publication
        self.tables: dict[str, None] = {}
        self._generation = generation
        self._cache = cache

    def window(self, query: WindowQuery) -> Window:
        """The business dates that a request means."""
        if query.from_date and query.until:
            return Window(query.from_date, query.until)
        last = self.publication.data_through or self.publication.snapshot_at.date() - timedelta(days=1)
        return Window(last - timedelta(days=query.day_count - 1), last)

    def metrics(self, window: Window) -> Metrics:
        """Every metric that a viewer may see, over the whole window; counts of few people are left out, and named."""
        (row,) = self._rows(plan(Question(SUMMARY_METRICS, window.first, window.until), MODEL))
        few = 0 < row["customers"] < PERMISSIONS.smallest_customer_cell
        shown = {name: _rounded(name, value) for name, value in row.items()}
        return {**shown, **({"customers": None} if few else {}), "suppressed": ["customers"] if few else []}

    def series(self, window: Window, interval: Interval, metrics: tuple[str, ...]) -> list[dict[str, Any]]:
        """Every bucket of the window, those without a sale too."""
        week_start = self.publication.retail_week_start
        rows = self._rows(plan(Question(metrics, window.first, window.until, (interval,)), MODEL))
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
                "metrics": {name: _rounded(name, found.get(bucket.first, nothing)[name]) for name in metrics},
            }
            for bucket in buckets(window, interval, week_start)
        ]

    def ranking(
        self, window: Window, dimensions: tuple[str, ...], order_by: str, limit: int
    ) -> tuple[list[Metrics], Metrics]:
        """The first members with their sums, place and labels, and `other` and `total`: nothing is cut in silence."""
        question = Question(SUMS, window.first, window.until, dimensions, order_by=order_by, limit=limit)
        rows = self._rows(plan_ranking(question, MODEL))
        total = {name: rows[0][f"total_{name}"] if rows else 0 for name in SUMS}
        listed = {name: sum(row[name] for row in rows) for name in SUMS}
        other = {name: total[name] - listed[name] for name in SUMS}
        count = rows[0]["member_count"] if rows else 0
        groups = {
            "other": _sums(other, total) | {"count": count - len(rows)},
            "total": _sums(total, total) | {"count": count},
        }
        return [{**row, **_sums(row, total), "rank": row["place"]} for row in rows], groups

    def has_data_through(self, day: date) -> bool:
        """Whether the publication has all sales of the day."""
        return self.publication.data_through is not None and day <= self.publication.data_through

    def response(
        self, data: object, window: Window, interval: str | None = None, compared: Window | None = None
    ) -> Response:
        """The answer with what it is about."""
        publication = self.publication
        meta = {
            "from": window.first,
            "until": window.last,
            "days": window.day_count,
            "interval": interval,
            "is_complete": self.has_data_through(window.last),
            "comparison": self._comparison(compared) if compared else None,
            "data_from": publication.data_from,
            "data_through": publication.data_through,
            "loaded_at": publication.published_at,
            "publication": publication.generation,
            "currency": publication.reporting_currency,
            "time_zone": publication.time_zone,
            "answered_by": list(self.tables),
        }
        return render({"data": data, "meta": meta}, {"X-Data-Version": str(publication.generation)})

    def _comparison(self, compared: Window) -> dict[str, Any]:
        data_from = self.publication.data_from
        return {
            "kind": "previous_period",
            "from": compared.first,
            "until": compared.last,
            "is_complete": data_from is not None
            and data_from <= compared.first
            and self.has_data_through(compared.last),
        }

    def _rows(self, planned: Plan) -> list[dict[str, Any]]:
        self.tables |= dict.fromkeys(planned.tables)
        return self._cache.rows(self._generation, planned)


def render(body: object, headers: dict[str, str] | None = None, status: int = 200) -> Response:
    """JSON; a decimal goes out digit by digit, as a number, never through a float."""
    return Response(orjson.dumps(body, default=_exact), status, headers, "application/json")


def _exact(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(f"{value:f}")
    raise TypeError(f"{type(value).__name__} cannot be shown as JSON")


def _sums(sums: Metrics, total: Metrics) -> Metrics:
    share = round(float(sums["net_revenue"] / total["net_revenue"]), RATIO_DECIMALS) if total["net_revenue"] else None
    return {name: _rounded(name, sums[name]) for name in SUMS} | {"net_revenue_share": share}


def _rounded(metric: str, value: Any) -> Any:
    """Money of sums to the cent, an average price to a hundredth of a cent, a ratio to a millionth."""
    if MODEL.metric(metric).unit == "money" and not isinstance(value, float | None):
        return Decimal(value).quantize(Decimal("0.01"))
    if isinstance(value, float):
        return round(value, PRICE_DECIMALS if MODEL.metric(metric).unit == "money" else RATIO_DECIMALS)
    return value
