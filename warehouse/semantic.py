"""The semantic model: measures, metrics, dimensions and rollups, read once from YAML."""

from functools import cache
from pathlib import Path
from string import Formatter

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from warehouse.contract import load_contract

FOLDER = Path(__file__).parent


class SemanticError(Exception):
    """A question names a metric or dimension that is not there; the message lists those that are."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _names_in(template: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for _, name, _, _ in Formatter().parse(template) if name))


class Measure(_Model):
    """An additive sum: `line` is the SQL value of one line of fact_sales."""

    type: str
    line: str


class Distinct(_Model):
    """A count of distinct groups: columns they consist of, which lines take part, and which groups count, by sums of measures.

    With a `key`, the groups are told apart by that column alone, so a rollup that keeps it can count them.
    """

    of: tuple[str, ...]
    key: str = ""
    lines: str = ""
    groups: str = ""

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures that decide which groups count."""
        return _names_in(self.groups)


class Metric(_Model):
    """A number people ask for: a formula over measures, or a distinct count. `unit`: copies, money, ratio or count."""

    label: str
    unit: str
    meaning: str
    formula: str = ""
    distinct: Distinct | None = None

    @model_validator(mode="after")
    def is_one_kind(self) -> "Metric":
        if bool(self.formula) == bool(self.distinct):
            raise ValueError("a metric has either a formula or a distinct count")
        return self

    @property
    def measures(self) -> tuple[str, ...]:
        """Names of the measures in the formula, in order of appearance."""
        return _names_in(self.formula)

    @property
    def is_additive(self) -> bool:
        """Whether values of parts add up to the value of the whole: sums do, ratios and distinct counts do not."""
        return bool(self.formula) and "/" not in self.formula


class Dimension(_Model):
    """Something numbers are cut by: a column of `table`, joined by its `match` on the lines' `key`; without a table, the key.

    `unknown` is an SQL literal that stands for null, for a column that the unknown member leaves empty. `line` is the SQL value
    on one line of fact_sales, for what is computed from a line and kept nowhere; `key` is then a column that no rollup has.
    """

    key: str
    column: str
    label: str
    type: str
    table: str = ""
    match: str = ""
    unknown: str = ""
    line: str = ""


class Selection(_Model):
    """Something numbers are only filtered by, as its totals overlap: `keys` gives the `key`s of `{values}`, of `table`.`column`."""

    key: str
    column: str
    table: str
    label: str
    keys: str


class Rollup(_Model):
    """A table of every measure summed by `keys`, made from a finer one, else from the fact.

    A monthly one's `sale_date` is the month's first day.
    """

    grain: str
    keys: tuple[str, ...]
    made_from: str = ""
    is_monthly: bool = False


class SemanticModel(_Model):
    """Everything a question may name."""

    measures: dict[str, Measure]
    metrics: dict[str, Metric]
    dimensions: dict[str, Dimension]
    selections: dict[str, Selection] = {}
    rollups: dict[str, Rollup]
    recurrences: dict[str, str] = {}

    @model_validator(mode="after")
    def formulas_use_known_measures(self) -> "SemanticModel":
        for name, metric in self.metrics.items():
            unknown = [measure for measure in metric.measures if measure not in self.measures]
            if unknown:
                raise ValueError(f"metric {name} uses {', '.join(unknown)}, which is no measure")
        return self

    @model_validator(mode="after")
    def rollups_are_made_from_finer_ones(self) -> "SemanticModel":
        for name, rollup in self.rollups.items():
            finer = self.rollups.get(rollup.made_from)
            if rollup.made_from and (finer is None or finer.made_from or not set(rollup.keys) <= set(finer.keys)):
                raise ValueError(f"rollup {name} is made from {rollup.made_from}, which is not a finer one of the fact")
        return self

    @property
    def rollups_as_built(self) -> tuple[str, ...]:
        """Rollups in the order in which they can be made: those of the fact first."""
        return tuple(sorted(self.rollups, key=lambda name: bool(self.rollups[name].made_from)))

    def metric(self, name: str) -> Metric:
        """The metric of that name. Raises SemanticError listing the metrics there are."""
        if name not in self.metrics:
            raise SemanticError(f"no metric {name!r}; there are {', '.join(self.metrics)}")
        return self.metrics[name]

    def dimension(self, name: str) -> Dimension:
        """The dimension of that name. Raises SemanticError listing the dimensions there are."""
        if name not in self.dimensions:
            raise SemanticError(f"no dimension {name!r}; there are {', '.join(self.dimensions)}")
        return self.dimensions[name]


@cache
def load_model() -> SemanticModel:
    """The semantic model of the installed package."""
    parts: dict[str, object] = {}
    for file in ("metrics.yaml", "dimensions.yaml", "rollups.yaml"):
        parts |= yaml.safe_load((FOLDER / file).read_text())
    return SemanticModel.model_validate(parts)


@cache
def keys_of_books() -> frozenset[str]:
    """Keys of rollups that the fact does not hold itself: they are looked up in dim_book by the version of the book."""
    keys = {key for rollup in load_model().rollups.values() for key in rollup.keys}
    return frozenset(keys - load_contract("gold.fact_sales").columns.keys())
