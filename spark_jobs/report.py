"""The report of a run: one JSON file for programs, one HTML page and a few lines of text for people."""

import html
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from spark_jobs.runner import Run
from warehouse.publication import Publication

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2933}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}"
    "th,td{padding:.35rem .6rem;border-bottom:1px solid #d9e2ec;text-align:left}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}.warn{color:#9a3412}"
)


@dataclass(frozen=True)
class Report:
    """Where the report stands, and its few lines for a terminal."""

    json_file: Path
    html_file: Path
    text: str


def write_report(run: Run, publication: Publication, folder: Path) -> Report:
    """Write the report of a published run."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = report_values(run, publication)
    json_file = folder / f"run-{run.run_seq:06d}.json"
    html_file = json_file.with_suffix(".html")
    json_file.write_text(json.dumps(values, default=str, indent=2) + "\n")
    html_file.write_text(_page(run, publication))
    return Report(json_file, html_file, _text(run, publication, html_file))


def report_values(run: Run, publication: Publication) -> dict[str, object]:
    """The run as plain values: publication, one entry per job, one per expectation."""
    return {
        "run": run.run_seq,
        "publication": asdict(publication),
        "rows_quarantined": sum(step.rows_quarantined for step in run.steps),
        "jobs": [asdict(step) for step in run.steps],
        "quality": [asdict(result) for result in run.quality],
    }


def _text(run: Run, publication: Publication, html_file: Path) -> str:
    quarantined = sum(step.rows_quarantined for step in run.steps)
    lines = [
        f"run {run.run_seq} published generation {publication.generation}: {publication.sale_count:,} sale lines, "
        f"{publication.data_from} to {publication.data_through}, totals in {publication.reporting_currency}",
        f"quarantined: {quarantined:,} rows" + (" (see the report)" if quarantined else ""),
        f"report: {html_file}",
    ]
    return "\n".join(lines)


def _page(run: Run, publication: Publication) -> str:
    failed = [result for result in run.quality if result.failed_rows]
    jobs = _table(
        ("Job", "Table", "Rows read", "Written", "Quarantined", "Seconds"),
        [
            (
                step.name,
                step.table_name,
                step.rows_read,
                step.rows_written,
                step.rows_quarantined,
                f"{step.seconds:.1f}",
            )
            for step in run.steps
        ],
    )
    checks = _table(
        ("Table", "Expectation", "Level", "Failed", "Checked"),
        [
            (result.table, result.expectation, result.level, result.failed_rows, result.checked_rows)
            for result in failed
        ],
    )
    quality = checks if failed else f"<p>All {len(run.quality)} checks passed on every row.</p>"
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Run {run.run_seq}</title>"
        f"<style>{STYLE}</style></head><body>"
        f"<h1>Run {run.run_seq}</h1><p>Published generation {publication.generation} with {publication.sale_count:,} sale lines, "
        f"{publication.data_from} to {publication.data_through}; source read as of {publication.snapshot_at:%Y-%m-%d %H:%M:%S} UTC; "
        f"totals in {publication.reporting_currency}, business dates in {html.escape(publication.time_zone)}.</p>"
        f"<h2>Quality</h2>{quality}<h2>Jobs</h2>{jobs}</body></html>\n"
    )


def _table(titles: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    return f"<td class='n'>{value:,}</td>" if isinstance(value, int) else f"<td>{html.escape(str(value))}</td>"
