"""The report of a run: one JSON file for programs, one HTML page and a few lines of text for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from pyspark.sql import functions as F

from jobs_config.loader import load_job
from spark_jobs.extract.csv_batches import decrypted
from spark_jobs.masking import masked
from spark_jobs.quarantine import QUARANTINE
from spark_jobs.registry import FEEDS, STAGES
from spark_jobs.report_page import page_of
from spark_jobs.runner import Run
from warehouse.publication import Publication
from warehouse.semantic import load_model

SAMPLES_PER_REASON = 3
MOST_REASONS = 30
RUNS_OF_TREND = 20
SHOWN_TEXT = 300


@dataclass(frozen=True)
class Report:
    """Where the report stands, and its few lines for a terminal."""

    json_file: Path
    html_file: Path
    text: str


@dataclass(frozen=True)
class Extras:
    """What a report shows beyond its run: masked samples by reason, earlier runs, and how a feed's sales compare with the shop's."""

    samples: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    trend: Sequence[Mapping[str, Any]] = ()
    overlap: Sequence[Mapping[str, Any]] = ()


def write_report(
    run: Run, publication: Publication | None, folder: Path, extras: Extras | None = None, failure: str = ""
) -> Report:
    """Write the report of a run; `publication` is None where it was stopped before, and `failure` says what stopped it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = report_values(run, publication, extras or Extras(), failure)
    json_file = folder / f"run-{run.run_seq:06d}.json"
    html_file = json_file.with_suffix(".html")
    json_file.write_text(json.dumps(values, default=str, indent=2) + "\n")
    html_file.write_text(page_of(values))
    return Report(json_file, html_file, _text(run, publication, html_file, failure))


def report_values(run: Run, publication: Publication | None, extras: Extras, failure: str = "") -> dict[str, Any]:
    """As plain values: publication or what was in its way, one entry per job, file and expectation, samples, trend, lineage."""
    return {
        "run": run.run_seq,
        "source": run.source,
        "publication": asdict(publication) if publication else None,
        "failure": failure,
        "rows_quarantined": sum(step.rows_quarantined for step in run.steps),
        "jobs": [asdict(step) for step in run.steps],
        "files": [file.as_values() for file in run.files],
        "quality": [asdict(result) for result in run.quality],
        "samples": dict(extras.samples),
        "trend": list(extras.trend),
        "overlap": list(extras.overlap),
        "lineage": lineage(run),
    }


def extras_of(run: Run, key: bytes | None, overlap: Sequence[Mapping[str, Any]] = ()) -> Extras:
    """Look up what a report shows beyond its run; `key` opens raw text of CSV records, to be masked."""
    aside = any(step.rows_quarantined for step in run.steps)
    return Extras(_samples(run, key) if aside else {}, _trend(run), overlap)


def lineage(run: Run) -> dict[str, Any]:
    """Where numbers come from: what each table is made of, and of which measures and columns each metric is."""
    model = load_model()
    written = {step.table_name: step.lake_version for step in run.steps}
    jobs = [load_job(name) for stage in STAGES for name in stage]
    tables = [
        {
            "table": job.writes,
            "made_of": sorted(set(job.reads.values()) - {job.writes}),
            "version": written.get(job.writes),
        }
        for job in jobs
    ]
    feeds = [
        {
            "table": feed.table,
            "made_of": [f"CSV files: {target}", *feed.reads.values()],
            "version": written.get(feed.table),
        }
        for target, feed in FEEDS.items()
    ]
    metrics = [
        {"metric": metric.label, "formula": metric.formula or f"distinct {', '.join(metric.distinct.of) if metric.distinct else ''}",
         "of": {name: model.measures[name].line for name in metric.measures}}
        for metric in model.metrics.values()
    ]  # fmt: skip
    return {"tables": tables + feeds, "metrics": metrics}


def _samples(run: Run, key: bytes | None) -> dict[str, list[dict[str, Any]]]:
    """A few quarantined records of this run for each reason, their text masked."""
    names = ("table_name", "row_key", "record_number", "byte_start", "byte_end", "file_sha256", "raw")
    rows = run.lake.read(QUARANTINE).filter(F.col("run_seq") == run.run_seq)
    by_reason = rows.select(F.explode("reasons").alias("reason"), F.struct(*names).alias("record")).groupBy("reason")
    found = by_reason.agg(
        F.count(F.lit(1)).alias("count"),
        F.slice(F.array_sort(F.collect_list("record")), 1, SAMPLES_PER_REASON).alias("records"),
    )
    most = found.orderBy(F.desc("count"), "reason").limit(MOST_REASONS).collect()
    return {row["reason"]: [_sample(record.asDict(), key) for record in row["records"]] for row in most}


def _sample(record: dict[str, Any], key: bytes | None) -> dict[str, Any]:
    raw, is_of_file = record.pop("raw"), record["file_sha256"] is not None
    text = raw
    if is_of_file:
        try:
            text = decrypted(bytes.fromhex(raw), key).decode(errors="replace") if raw and key else ""
        except InvalidTag:
            text = ""
    return {**record, "masked": masked(text)[:SHOWN_TEXT]}


def _trend(run: Run) -> list[dict[str, Any]]:
    """The newest runs of the same kind and source up to this one, oldest first, with what they read, put aside and failed."""
    this = run.ledger.run(run.run_seq)
    alike = [
        row
        for row in run.ledger.runs(RUNS_OF_TREND * 10)
        if this is not None and (row["kind"], row["source"]) == (this["kind"], this["source"])
    ]
    lines = []
    for row in reversed(alike[:RUNS_OF_TREND]):
        steps, quality = run.ledger.steps(row["run_seq"]), run.ledger.quality(row["run_seq"])
        lines.append(
            {
                "run": row["run_seq"],
                "started_at": row["started_at"][:16].replace("T", " "),
                "state": row["state"],
                "rows_read": sum(step["rows_read"] for step in steps if step["table_name"].startswith("silver.")),
                "rows_quarantined": sum(step["rows_quarantined"] for step in steps),
                "failed_checks": sum(1 for check in quality if check["failed_rows"]),
            }
        )
    return lines


def _text(run: Run, publication: Publication | None, html_file: Path, failure: str) -> str:
    quarantined = sum(step.rows_quarantined for step in run.steps)
    published = (
        f"run {run.run_seq} published generation {publication.generation}: {publication.sale_count:,} sale lines, "
        f"{publication.data_from} to {publication.data_through}, totals in {publication.reporting_currency}"
        if publication
        else f"run {run.run_seq} {'failed' if failure else 'published nothing'}"
    )
    return "\n".join(
        [
            published,
            *(f"{file.name}: {file.accepted:,} of {file.records:,} records accepted" for file in run.files),
            f"quarantined: {quarantined:,} rows" + (" (see the report)" if quarantined else ""),
            f"report: {html_file}",
        ]
    )
