"""A run's report as one HTML page that needs no other file: what was checked, what failed, samples, trend, lineage."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1f2933}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0;display:block;overflow-x:auto}"
    "th,td{padding:.35rem .6rem;border-bottom:1px solid #d9e2ec;text-align:left;vertical-align:top}"
    "td.n{text-align:right;font-variant-numeric:tabular-nums}code{font-size:.85em;overflow-wrap:anywhere}"
    ".verdict{padding:.6rem 1rem;border-left:.4rem solid}.good{border-color:#15803d;background:#f0fdf4}"
    ".look{border-color:#b45309;background:#fffbeb}.bad{border-color:#b91c1c;background:#fef2f2}"
)


def page_of(values: Mapping[str, Any]) -> str:
    """The whole page; whatever comes from data or configuration stands there as text."""
    parts = [
        f"<h1>Run {values['run']}</h1>",
        _published(values["publication"], values["failure"]),
        _verdict(values),
        "<h2>Quality</h2>", _quality(values["quality"]),
        _samples(values["samples"]), _files(values["files"]), _overlap(values["overlap"]), _trend(values["trend"]),
        "<h2>Jobs</h2>", _jobs(values["jobs"]),
        _lineage(values["lineage"]),
    ]  # fmt: skip
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width'>"
        f"<title>Run {values['run']}</title><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _published(publication: Mapping[str, Any] | None, failure: str) -> str:
    if publication is None:
        # A failure says itself what readers have.
        said = f"<p class='verdict bad'>{html.escape(failure)}</p>"
        return said if failure else "<p>Nothing was published; the version before still serves.</p>"
    return (
        f"<p>Published generation {publication['generation']} with {publication['sale_count']:,} sale lines, "
        f"{publication['data_from']} to {publication['data_through']}; source read as of "
        f"{publication['snapshot_at']:%Y-%m-%d %H:%M:%S} UTC; totals in {html.escape(publication['reporting_currency'])}, "
        f"business dates in {html.escape(publication['time_zone'])}.</p>"
    )


def _verdict(values: Mapping[str, Any]) -> str:
    """Whether the numbers can be trusted, in one line."""
    failed = {result["level"] for result in values["quality"] if result["failed_rows"]}
    aside = values["rows_quarantined"]
    if "stop" in failed:
        return "<p class='verdict bad'>A check that stops a run failed.</p>"
    if values["publication"] is None:
        return ""
    if failed or aside:
        return f"<p class='verdict look'>Published, with something to look at: {aside:,} rows are quarantined and missing from it.</p>"
    return "<p class='verdict good'>Every check passed on every row.</p>"


def _quality(quality: Sequence[Mapping[str, Any]]) -> str:
    failed = [result for result in quality if result["failed_rows"]]
    if not failed:
        return f"<p>All {len(quality)} checks passed on every row.</p>"
    rows = [
        (item["table"], item["expectation"], item["level"], item["failed_rows"], item["checked_rows"], item["detail"])
        for item in failed
    ]
    told = f"<p>{len(failed)} of {len(quality)} checks failed on some row.</p>"
    return told + _table(("Table", "Expectation", "Level", "Failed", "Checked", "Detail"), rows)


def _samples(samples: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    if not samples:
        return ""
    rows = [(reason, _place(record), record["masked"]) for reason, records in samples.items() for record in records]
    note = "<p>Letters show as x, digits as 0. <code>booksales quarantine show</code> shows more.</p>"
    return "<h2>Samples of what is quarantined</h2>" + note + _table(("Reason", "Record", "Text, masked"), rows)


def _place(record: Mapping[str, Any]) -> str:
    if record["file_sha256"] is None:
        return f"{record['table_name']} {record['row_key']}"
    where = f"file {record['file_sha256'][:12]}, record {record['record_number']:,}"
    return f"{where}, bytes {record['byte_start']:,} to {record['byte_end']:,}"


def _files(files: Sequence[Mapping[str, Any]]) -> str:
    if not files:
        return ""
    titles = ("File", "Physical records", "Header", "Blank", "Accepted", "Quarantined", "Superseded")
    names = ("physical", "blank", "accepted", "quarantined", "superseded")
    rows = [(file["name"], file["physical"], 1, *(file[name] for name in names[1:])) for file in files]
    return "<h2>Files</h2>" + _table(titles, rows)


def _overlap(overlap: Sequence[Mapping[str, Any]]) -> str:
    if not overlap:
        return ""
    rows = [
        (line["month"], line["title"], line["feed_units"], line["shop_units"], line["feed_net"], line["shop_net"])
        for line in overlap
    ]
    note = "<p>By title and month, greatest difference first; these rows of the feed are outside default totals.</p>"
    titles = ("Month", "Title", "Feed, copies", "Shop, copies", "Feed, net", "Shop, net")
    return "<h2>The feed beside the shop</h2>" + note + _table(titles, rows)


def _trend(trend: Sequence[Mapping[str, Any]]) -> str:
    if len(trend) < 2:
        return ""
    columns = ("rows_read", "rows_quarantined", "failed_checks")
    lines = "".join(
        f"<tr><td>{name.replace('_', ' ')}</td><td>{_spark_line([run[name] for run in trend])}</td></tr>"
        for name in columns
    )
    rows = [(run["run"], run["started_at"], run["state"], *(run[name] for name in columns)) for run in reversed(trend)]
    titles = ("Run", "Started, UTC", "State", "Rows read", "Quarantined", "Failed checks")
    return f"<h2>Runs of this kind</h2><table>{lines}</table>" + _table(titles, rows)


def _spark_line(values: Sequence[int]) -> str:
    """A line through the values, oldest at the left."""
    most, width = max(*values, 1), 300
    step = width / (len(values) - 1)
    points = " ".join(f"{place * step:.0f},{38 - 34 * value / most:.1f}" for place, value in enumerate(values))
    said = f"from {values[0]:,} to {values[-1]:,}, at most {max(values):,}"
    return (
        f"<svg width='{width}' height='42' role='img' aria-label='{said}'><polyline points='{points}' fill='none' "
        f"stroke='#1d4ed8' stroke-width='2'/></svg> {said}"
    )


def _jobs(jobs: Sequence[Mapping[str, Any]]) -> str:
    titles = ("Job", "Table", "Rows read", "Written", "Quarantined", "Seconds")
    names = ("name", "table_name", "rows_read", "rows_written", "rows_quarantined")
    return _table(titles, [(*(job[name] for name in names), f"{job['seconds']:.1f}") for job in jobs])


def _lineage(lineage: Mapping[str, Any]) -> str:
    tables = [(item["table"], ", ".join(item["made_of"]), item["version"] or "") for item in lineage["tables"]]
    metrics = [
        (item["metric"], item["formula"], "; ".join(f"{name}: {line}" for name, line in item["of"].items()))
        for item in lineage["metrics"]
    ]
    return (
        "<h2>From source to number</h2><p>Bronze tables hold what the shop or a file delivered. The version is that which this run "
        "wrote, if it did.</p>"
        + _table(("Table", "Made of", "Version"), tables)
        + "<p>Every number of API and dashboard is one of these, over <code>fact_sales</code>.</p>"
        + _table(("Metric", "Formula", "Measures, summed over sale lines"), metrics)
    )


def _table(titles: Iterable[str], rows: Sequence[Sequence[object]]) -> str:
    head = "".join(f"<th>{html.escape(title)}</th>" for title in titles)
    body = "".join("<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    return f"<td class='n'>{value:,}</td>" if isinstance(value, int) else f"<td>{html.escape(str(value))}</td>"
