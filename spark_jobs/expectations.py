"""Expectations of a contract as columns, evaluated in the pass that writes the table.

A row that lacks a required value, had a value taken out in extraction, or fails a `quarantine` expectation gets a list of
reasons and goes aside; `stop` and `warn` only count. What a write is as a whole is measured in the same pass (measures.py judges it).
"""

import re
from collections.abc import Callable, Mapping
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.check_result import CheckResult
from spark_jobs.transforms.isbn import is_isbn10, is_isbn13
from warehouse.contract import Contract, Expectation

RULES: dict[str, Callable[[Column], Column]] = {"is_isbn13": is_isbn13, "is_isbn10": is_isbn10}
RULE_CALL = re.compile(r"^(\w+)\((\w+)\)$")

REASONS = "_reasons"

ReadTable = Callable[[str], DataFrame]
Observed = Mapping[str, int | str | None]


def with_reasons(rows: DataFrame, contract: Contract, read: ReadTable) -> DataFrame:
    """The rows with `_reasons`: every rule that sends the row to quarantine; empty for a good row. `read` gives other tables.

    And with `_failed_<name>` for what `observed_columns` counts: Spark observes without compiling, so no condition is left to that.
    """
    rows = _with_comparisons(rows, contract, read)
    by_column = {name: check for name, check in contract.expectations.items() if check.is_of_rows and check.check}
    failed = {_failed(name): _fails(check) for name, check in by_column.items()}
    rows = rows.withColumns({**failed, _failed("required"): _is_missing_everywhere(contract)})
    reasons = [_fault_reasons(contract)] if "_faults" in rows.columns else []
    # Reasons a transform found itself, where a column check cannot see what was delivered.
    reasons += [F.col("_refused")] if "_refused" in rows.columns else []
    required = {name: column.derived for name, column in contract.columns.items() if column.required}
    single = {f"{name}: required": _is_missing(name, is_derived, rows) for name, is_derived in required.items()}
    single |= {name: F.col(_failed(name)) for name in _of_level(contract, "quarantine")}
    return rows.withColumn(REASONS, F.concat(*reasons, _of_those_that_hold(single)))


def _of_those_that_hold(reasons: Mapping[str, Column]) -> Column:
    """The names of the conditions that hold. Spark compiles no function of arrays, so a row that is good has none evaluated."""
    none = F.array().cast("array<string>")
    if not reasons:
        return none
    any_of_them = reduce(or_, reasons.values())
    listed = F.array_compact(F.array(*(F.when(condition, F.lit(name)) for name, condition in reasons.items())))
    return F.when(any_of_them, listed).otherwise(none)


def observed_columns(contract: Contract, sums: list[str]) -> list[Column]:
    """What to observe while a frame with reasons is written: rows, good rows, failures by expectation, sums and measures."""
    good = F.size(REASONS) == 0
    counted = [F.count(F.lit(1)).alias("rows"), F.count(F.when(good, 1)).alias("good_rows")]
    counted += [
        F.count(F.when(F.col(_failed(name)), 1)).alias(f"failed_{name}")
        for name in ("required", *(name for name, check in contract.expectations.items() if check.is_of_rows))
    ]
    counted += [F.sum(F.when(good, F.col(name))).cast("string").alias(f"sum_{name}") for name in sums]
    for name, check in contract.expectations.items():
        if not check.is_of_rows:
            of_good = F.when(good, F.expr(check.history or check.newest))
            measure = F.sum(of_good) if check.history else F.max(of_good)
            counted.append(measure.cast("string").alias(f"measure_{name}"))
    return counted


def results(contract: Contract, observed: Observed) -> list[CheckResult]:
    """The observed counts as one result per expectation on rows, required columns first."""
    checked = int(observed["rows"] or 0)
    of_rows = {name: check.level for name, check in contract.expectations.items() if check.is_of_rows}
    levels: dict[str, str] = {"required": "quarantine", **of_rows}
    return [
        CheckResult(contract.table, name, level, int(observed[f"failed_{name}"] or 0), checked)
        for name, level in levels.items()
    ]


def _with_comparisons(rows: DataFrame, contract: Contract, read: ReadTable) -> DataFrame:
    """Adds `_failed_<name>` for expectations that compare a row with others, of the same write or of another table."""
    for name, check in contract.expectations.items():
        failed = _failed(name)
        if check.unique:
            # Keys that stand twice are few, so that most rows meet an empty table.
            twice = (
                rows.groupBy(*check.unique)
                .count()
                .filter("count > 1")
                .select(*_renamed(check.unique), F.lit(True).alias(failed))
            )
            rows = _left(rows, twice, check.unique, failed).withColumn(failed, F.coalesce(failed, F.lit(False)))
        elif check.refers_to:
            there = read(check.refers_to).select(
                *(F.col(theirs).alias(f"_of_{ours}") for ours, theirs in check.by.items())
            )
            found = _left(rows, there.distinct().withColumn(failed, F.lit(False)), tuple(check.by), failed)
            named = F.lit(True)
            for ours in check.by:
                named = named & F.col(ours).isNotNull()
            rows = found.withColumn(failed, F.coalesce(failed, named))
    return rows


def _renamed(columns: tuple[str, ...]) -> list[Column]:
    return [F.col(name).alias(f"_of_{name}") for name in columns]


def _left(rows: DataFrame, other: DataFrame, columns: tuple[str, ...], added: str) -> DataFrame:
    same = [F.col(name) == F.col(f"_of_{name}") for name in columns]
    return rows.join(other, on=same, how="left").select(*rows.columns, added)


def _of_level(contract: Contract, level: str) -> dict[str, Expectation]:
    return {name: check for name, check in contract.expectations.items() if check.level == level and check.is_of_rows}


def _failed(name: str) -> str:
    return f"_failed_{name}"


def _fails(expectation: Expectation) -> Column:
    call = RULE_CALL.match(expectation.check)
    holds = RULES[call[1]](F.col(call[2])) if call and call[1] in RULES else F.expr(expectation.check)
    return ~F.coalesce(holds, F.lit(True))


def _is_missing(name: str, is_derived: bool, rows: DataFrame) -> Column:
    absent = F.col(name).isNull()
    if "_faults" in rows.columns:
        # A value that was taken out has its own reason.
        absent = absent & ~F.coalesce(F.array_contains(F.split("_faults", ","), name), F.lit(False))
    if "_refused" in rows.columns:
        # So has one that could not be read. Nothing more is said of a record that could not, nor of what follows from other columns.
        is_told = F.exists("_refused", lambda reason: reason.startswith(f"{name}:") | reason.startswith("record:"))
        absent = absent & ~(F.size("_refused") > 0 if is_derived else is_told)
    return absent


def _is_missing_everywhere(contract: Contract) -> Column:
    missing = F.lit(False)
    for name, column in contract.columns.items():
        if column.required:
            missing = missing | F.col(name).isNull()
    return missing


def _fault_reasons(contract: Contract) -> Column:
    types = {name: column.type for name, column in contract.columns.items()}
    meaning = F.create_map(*(F.lit(part) for item in types.items() for part in item))
    named = F.transform(F.split("_faults", ","), lambda name: F.concat(name, F.lit(": does not fit "), meaning[name]))
    return F.when(F.col("_faults").isNull(), F.array().cast("array<string>")).otherwise(named)
