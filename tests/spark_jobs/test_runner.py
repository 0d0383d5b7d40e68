from dataclasses import replace
from pathlib import Path

import pytest
from frames import frame

from spark_jobs.check_result import CheckResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import ExpectationError, LakeError, LeaseLostError
from spark_jobs.gold import dim_channel
from spark_jobs.runner import Run, run_job, stop_if_asked
from spark_jobs.silver import mirror
from spark_jobs.tables import Lake

BRONZE = (
    "channel_id bigint, code string, name string, deleted_at timestamp, "
    "_faults string, _run_seq bigint, _extracted_at timestamp, _source string, _operation string"
)


@pytest.fixture
def delivered(spark, tmp_path):
    """A run whose bronze holds two channels."""
    lake = Lake(spark, str(tmp_path / "lake"))
    rows = [
        (number, code, code, None, None, 1, "2024-05-01 06:00:00", "shop", "snapshot")
        for number, code in ((1, "web"), (2, "app"))
    ]
    lake.bronze.write(frame(spark, BRONZE, *rows), "bronze.channels", 1)
    lake.bronze.seal("bronze.channels", 1, {})
    return Run(1, lake, RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}"), "shop", {})


def test_a_job_says_what_it_wrote_and_one_repeated_under_its_number_is_refused(delivered):
    first = run_job(delivered, "silver_channels", mirror.transform)

    with pytest.raises(LakeError, match=r"silver\.channels: run 1 or a later one has written it already"):
        run_job(delivered, "silver_channels", mirror.transform)

    assert (first.rows_read, first.rows_written, first.lake_version) == (2, 2, 0)
    assert [step["lake_version"] for step in delivered.ledger.steps(1)] == [0]


class TakenOver:
    """The lease of a run that another took over."""

    def confirm(self):
        raise LeaseLostError("taken over")

    def note_run(self, run_seq): ...


def test_a_run_that_lost_its_lease_commits_no_table(delivered):
    delivered.ledger.lease = TakenOver()

    with pytest.raises(LeaseLostError):
        run_job(delivered, "silver_channels", mirror.transform)

    assert not delivered.lake.exists("silver.channels")
    assert delivered.ledger.steps(1) == []


def test_what_a_job_writes_is_its_owners_alone_whatever_the_umask(delivered):
    run_job(delivered, "silver_channels", mirror.transform)

    written = list(Path(delivered.lake.root).rglob("*"))
    assert any(path.suffix == ".parquet" for path in written)
    assert any(path.parent.name == "_delta_log" for path in written)
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def gold_run(delivered, run_seq):
    """A later run that builds what has changed only."""
    return replace(delivered, run_seq=run_seq, builds_all=False, steps=[], quality=[])


def test_a_table_of_gold_is_built_once_for_what_it_is_made_of(delivered):
    run_job(delivered, "silver_channels", mirror.transform)

    assert run_job(gold_run(delivered, 2), "gold_dim_channel", dim_channel.transform).rows_written == 3
    assert run_job(gold_run(delivered, 3), "gold_dim_channel", dim_channel.transform) is None


@pytest.mark.parametrize("result", [("author_is_there", "stop"), ("required", "quarantine")], ids=lambda each: each[0])
def test_what_a_check_has_stopped_is_built_and_checked_again_by_the_next_run(delivered, result):
    """Its rows are in the lake, and whoever passed over them would publish them."""
    run_job(delivered, "silver_channels", mirror.transform)
    stopped = gold_run(delivered, 2)
    run_job(stopped, "gold_dim_channel", dim_channel.transform)
    stopped.keep_checks([CheckResult("gold.dim_channel", *result, 1, 3)])
    with pytest.raises(ExpectationError):
        stop_if_asked(stopped)

    assert run_job(gold_run(delivered, 3), "gold_dim_channel", dim_channel.transform).rows_written == 3
    assert run_job(gold_run(delivered, 4), "gold_dim_channel", dim_channel.transform) is None


def test_a_job_that_was_killed_after_its_commit_is_done_again(delivered, monkeypatch):
    """Neither what it put aside nor what its checks found is known."""
    run_job(delivered, "silver_channels", mirror.transform)

    def end(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr("spark_jobs.runner._put_aside", end)
        run_job(gold_run(delivered, 2), "gold_dim_channel", dim_channel.transform)
    assert delivered.lake.note("gold.dim_channel").run_seq == 2

    assert run_job(gold_run(delivered, 3), "gold_dim_channel", dim_channel.transform).rows_written == 3
