"""Are many generated requests of every role answered as the OpenAPI document says, operation by operation?

    python -m bench.api_fuzz --out bench/results/api_schemathesis.json

Runs the slow half of tests/api/test_schema.py, each operation in a process of its own, and writes what became of its requests:
`api_schemathesis.json` has an entry per operation with the requests by status, and their totals. `--reports` reads JUnit reports
that were made in shards instead.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from bench.results import machine

TESTS = "tests/api/test_schema.py"
OPERATION = re.compile(r"\[many-(.+)\]")


def main() -> int:
    """Run or read, and write the result; 1 where an operation failed or none was asked."""
    parsed = _parser().parse_args()
    with tempfile.TemporaryDirectory() as folder:
        reports = parsed.reports or list(_reports(Path(folder)))
        result = {"bench": "api_schemathesis", "machine": machine(), **summary(reports)}
    parsed.out.write_text(json.dumps(result, indent=2) + "\n")
    print(
        f"{result['requests']} requests, {result['failed']} of {len(result['operations'])} operations failed: {parsed.out}"
    )
    return 1 if result["failed"] or not result["operations"] else 0


def summary(reports: Iterable[Path]) -> dict[str, Any]:
    """Requests by status of every operation in JUnit reports, and of all together."""
    # Reports of pytest's own.
    cases = (case for report in reports for case in ElementTree.parse(report).iter("testcase"))  # noqa: S314
    operations = [_operation(case) for case in cases]
    by_status: Counter[str] = sum((Counter(one["by_status"]) for one in operations), Counter())
    return {
        "requests": by_status.total(),
        "failed": sum(one["failed"] for one in operations),
        "by_status": dict(sorted(by_status.items())),
        "operations": sorted(operations, key=lambda one: one["operation"]),
    }


def _operation(case: ElementTree.Element) -> dict[str, Any]:
    name = OPERATION.search(case.get("name", ""))
    assert name, case.attrib
    statuses = {found.get("name", ""): int(found.get("value", 0)) for found in case.iter("property")}
    return {
        "operation": name[1],
        "seconds": round(float(case.get("time", 0)), 1),
        "failed": case.find("failure") is not None or case.find("error") is not None,
        "by_status": {status: count for status, count in sorted(statuses.items()) if status != "not sent"},
    }


def _reports(folder: Path) -> Iterator[Path]:
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", TESTS, "--collect-only", "-q"], capture_output=True, text=True, check=True
    )
    for number, test in enumerate(line for line in listed.stdout.splitlines() if "[many-" in line):
        report = folder / f"{number}.xml"
        # The older form of the report is the one that has properties.
        options = [f"--junitxml={report}", "--override-ini=junit_family=xunit1"]
        subprocess.run([sys.executable, "-m", "pytest", "-q", test, *options], check=False)
        yield report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("bench/results/api_schemathesis.json"))
    parser.add_argument("--reports", type=Path, nargs="*", help="JUnit reports of shards that have run")
    return parser


if __name__ == "__main__":
    sys.exit(main())
