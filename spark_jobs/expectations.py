"""Expectations of a contract as columns, evaluated in the pass that writes the table.

A row that lacks a required value, had a value taken out in extraction, or fails a `quarantine` expectation gets a list of
reasons and goes aside; `stop` and `warn` only count.
"""

import re
from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.check_result import CheckResult
from spark_jobs.transforms.isbn import is_isbn13
from warehouse.contract import Contract, Expectation

RULES: dict[str, Callable[[Column], Column]] = {"is_isbn13": is_isbn13}
RULE_CALL = re.compile(r"^(\w+)\((\w+)\)$")

REASONS = "_reasons"


def with_reasons(rows: DataFrame, contract: Contract) -> DataFrame:
    """The rows with `_reasons`: every rule that sends the row to quarantine; empty for a good row."""
    reasons = [_fault_reasons(contract)] if "_faults" in rows.columns else []
    # Reasons a transform found itself, where a column check cannot see what was delivered.
    reasons += [F.col("_refused")] if "_refused" in rows.columns else []
    missing = [name for name, column in contract.columns.items() if column.required]
    single = [F.when(_is_missing(name, rows), F.lit(f"{name}: required")) for name in missing]
    single += [F.when(_failed(check), F.lit(name)) for name, check in _of_level(contract, "quarantine").items()]
    listed = F.array_compact(F.array(*single)) if single else F.array().cast("array<string>")
    return rows.withColumn(REASONS, F.concat(*reasons, listed))


def metrics(contract: Contract, sums: list[str]) -> list[Column]:
    """What to observe while a frame with reasons is written: rows, good rows, failures by expectation, sums of good rows."""
    good = F.size(REASONS) == 0
    counted = [F.count(F.lit(1)).alias("rows"), F.count(F.when(good, 1)).alias("good_rows")]
    counted += [
        F.count(F.when(_failed(check), 1)).alias(f"failed_{name}") for name, check in contract.expectations.items()
    ]
    counted += [F.count(F.when(_is_missing_everywhere(contract), 1)).alias("failed_required")]
    counted += [F.sum(F.when(good, F.col(name))).cast("string").alias(f"sum_{name}") for name in sums]
    return counted


def results(contract: Contract, observed: dict[str, int | str | None]) -> list[CheckResult]:
    """The observed counts as one result per expectation, required columns first."""
    checked = int(observed["rows"] or 0)
    levels = {"required": "quarantine", **{name: check.level for name, check in contract.expectations.items()}}
    return [
        CheckResult(contract.table, name, level, int(observed[f"failed_{name}"] or 0), checked)
        for name, level in levels.items()
    ]


def _of_level(contract: Contract, level: str) -> dict[str, Expectation]:
    return {name: check for name, check in contract.expectations.items() if check.level == level}


def _failed(expectation: Expectation) -> Column:
    call = RULE_CALL.match(expectation.check)
    holds = RULES[call[1]](F.col(call[2])) if call and call[1] in RULES else F.expr(expectation.check)
    return ~F.coalesce(holds, F.lit(True))


def _is_missing(name: str, rows: DataFrame) -> Column:
    absent = F.col(name).isNull()
    if "_faults" in rows.columns:
        # A value that was taken out has its own reason.
        absent = absent & ~F.coalesce(F.array_contains(F.split("_faults", ","), name), F.lit(False))
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
    return F.coalesce(named, F.array().cast("array<string>"))
