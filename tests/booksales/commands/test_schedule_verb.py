import sys
from pathlib import Path

import pytest


def test_a_schedule_names_the_installed_command_the_state_folder_and_the_log(booksales, home):
    told = booksales("schedule", "--print", "cron")

    line = told.out.splitlines()[-1]
    assert (told.code, told.err) == (0, "")
    assert line.startswith("30 4 * * * ")
    assert (
        f"BOOKSALES_HOME={home} {Path(sys.executable).with_name('booksales')} sync >> {home}/logs/sync.log 2>&1" in line
    )


def test_the_settings_of_the_shell_go_along_and_its_secrets_do_not(booksales, monkeypatch):
    monkeypatch.setenv("BOOKSALES_TIME_ZONE", "Europe/Berlin")
    monkeypatch.setenv("BOOKSALES_SOURCE_URL", "postgresql://reader@db.example.com/shop")
    monkeypatch.setenv("BOOKSALES_SOURCE_PASSWORD", "hunter2")
    monkeypatch.setenv("BOOKSALES_LEDGER_PASSWORD", "hunter2")
    monkeypatch.setenv("BOOKSALES_PSEUDONYM_KEY", "hunter2")

    for form in ("cron", "systemd"):
        told = booksales("schedule", "--print", form).out
        assert "BOOKSALES_TIME_ZONE=Europe/Berlin" in told
        assert "BOOKSALES_SOURCE_URL=postgresql://reader@db.example.com/shop" in told
        assert "the shop's days are those of Europe/Berlin" in told
        assert "hunter2" not in told


@pytest.mark.parametrize("form", ["cron", "systemd"])
def test_a_password_inside_an_address_is_refused_rather_than_printed(booksales, monkeypatch, form):
    monkeypatch.setenv("BOOKSALES_SOURCE_URL", "postgresql://reader:hunter2@db.example.com/shop")

    refused = booksales("schedule", "--print", form)

    assert (refused.code, refused.out) == (2, "")
    assert "hunter2" not in refused.err


@pytest.mark.parametrize("at", ["24:00", "4", "noon", "12:60", "-1:30"])
def test_what_is_no_time_of_day_is_a_mistake_in_the_call(booksales, at):
    refused = booksales("schedule", "--print", "cron", f"--at={at}")

    assert refused.code == 2
    assert f"expected HH:MM, from 00:00 to 23:59, found {at!r}" in refused.err


def test_nothing_is_installed(booksales, home):
    booksales("schedule", "--print", "systemd")

    assert not (home / "logs" / "sync.log").exists()
    assert not (home / "secrets").exists()
