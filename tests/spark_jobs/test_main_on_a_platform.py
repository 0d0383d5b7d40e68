"""The entry file as a platform starts it, up to where Spark would begin."""

import json

from small_star import publish_star

from jobs_config.errors import ExitCode
from spark_jobs import main as entry


def places(folder) -> list[str]:
    return [
        f"--lake={folder}",
        f"--warehouse={folder}",
        f"--reports={folder}",
        f"--ledger=sqlite:///{folder}/ledger.db",
    ]


def test_a_question_needs_neither_lease_nor_spark(tmp_path, monkeypatch, capsys):
    publish_star(tmp_path, tmp_path / "lake")
    monkeypatch.setattr(entry, "open_session", None)

    code = entry.main(["--JOB_NAME", "pipeline", "--arguments", json.dumps(["smoke", *places(tmp_path)])])

    assert code == ExitCode.DONE
    assert "publication 1 of run" in capsys.readouterr().err


def test_a_run_to_look_at_ends_as_whoever_started_it_asked(tmp_path, monkeypatch):
    monkeypatch.setattr(entry, "_run", lambda arguments, progress: ExitCode.ATTENTION)

    assert entry.main(["publish", *places(tmp_path)]) == ExitCode.ATTENTION
    assert entry.main(["publish", *places(tmp_path), "--attention-exit-code=0"]) == ExitCode.DONE


def test_authorities_that_are_not_there_are_named_before_anything_begins(tmp_path, capsys):
    assert entry.main(["publish", *places(tmp_path), "--ca-file=rds-ca.pem"]) == ExitCode.CONFIGURATION

    assert "rds-ca.pem: no such file of certificate authorities" in capsys.readouterr().err
