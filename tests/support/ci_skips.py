"""A pytest plugin: every skip says what was missing, and in CI it has to be missing.

A test that needs something of the machine skips with a reason of the form `missing: chromium` or `missing: chromium,
../shared/data`: programs on the PATH, or paths from the repository's root. With CI=true a skip whose things are all
there fails, and so does one that names nothing. The last lines of a run list what was skipped.
"""

import os
import shutil
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest

PREFIX = "missing: "

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


class CiSkips:
    """Turns wrong skips into failures where `strict`, and counts the reasons."""

    def __init__(self, root: Path, strict: bool) -> None:
        self._root = root
        self._strict = strict
        self._reasons: dict[str, str] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        return self._judged((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        return self._judged((yield))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        terminalreporter.write_line(self.summary())

    def summary(self) -> str:
        counts = Counter(self._reasons.values())
        reasons = "; ".join(f"{reason} ({count})" for reason, count in sorted(counts.items()))
        return f"skipped: {reasons or 'nothing'}"

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        # With several processes here is the one that hears of all, and of a file that skips as a whole from each.
        if report.skipped and not hasattr(report, "wasxfail"):
            self._reasons[report.nodeid] = _reason(report)

    def _judged(self, report: Report) -> Report:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = _reason(report)
            fault = self.fault(reason) if self._strict else ""
            if fault:
                report.outcome, report.longrepr = "failed", f"skipped ({reason}), but {fault}"
        return report

    def fault(self, reason: str) -> str:
        """What is wrong with skipping for that reason on this machine; empty where nothing is."""
        if not reason.startswith(PREFIX):
            return f"the reason does not say '{PREFIX}' and what"
        things = [thing.strip() for thing in reason.removeprefix(PREFIX).split(",")]
        if all(self._is_here(thing) for thing in things):
            return f"this machine has {', '.join(things)}"
        return ""

    def _is_here(self, thing: str) -> bool:
        return (self._root / thing).exists() if "/" in thing else shutil.which(thing) is not None


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(CiSkips(config.rootpath, strict=os.environ.get("CI") == "true"))


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    # pytest keeps a skip as (file, line, "Skipped: reason").
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")
