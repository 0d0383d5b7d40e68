import configparser
import re
import shlex
import shutil
import subprocess
from datetime import time
from pathlib import Path

import pytest

from booksales.schedule import Schedule, as_cron, as_systemd
from jobs_config.errors import ConfigError

# What shells, cron and systemd each read as something else.
AWKWARD = 'a b/it\'s 100% "$HOME" `x` \\t;#'


def schedule(folder: Path, job: str = "sync", **changed: object) -> Schedule:
    values = {
        "job": job,
        "at": time(4, 30),
        "command": [str(folder / "bin" / "booksales"), job],
        "environment": {"BOOKSALES_HOME": str(folder / "state"), "BOOKSALES_TIME_ZONE": "Europe/Berlin"},
        "secrets": folder / "state" / "environment",
        "log": folder / "state" / f"{job}.log",
        "user": "root",
        "time_zones": "That is this machine's time, now UTC (+0000); the shop's days are those of Europe/Berlin.",
    }
    return Schedule(**{**values, **changed})


@pytest.fixture
def folder(tmp_path):
    """A folder with an awkward name, and in it a command that says what it was given."""
    made = tmp_path / AWKWARD
    (made / "bin").mkdir(parents=True)
    (made / "state").mkdir()
    program = made / "bin" / "booksales"
    program.write_text(
        '#!/bin/sh\nprintf "%s|%s|%s|%s" "$1" "$BOOKSALES_HOME" "$BOOKSALES_TIME_ZONE" "$BOOKSALES_SOURCE_PASSWORD"\n'
    )
    program.chmod(0o755)
    return made


def parts(text: str) -> dict[str, str]:
    """The unit files in the text, by name."""
    found = re.split(r"^# /etc/systemd/system/(\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2], strict=True))


def unit(text: str) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str
    parser.read_string(text)
    return parser


# cron


def test_the_line_of_a_crontab_has_five_fields_and_the_time(folder):
    *notes, line = as_cron(schedule(folder, at=time(3, 5))).splitlines()

    assert line.split(" ")[:5] == ["5", "3", "*", "*", "*"]
    assert all(note.startswith("# ") for note in notes)
    assert any(
        "this machine's time, now UTC (+0000); the shop's days are those of Europe/Berlin" in note for note in notes
    )


def test_what_cron_hands_to_the_shell_runs_the_command_with_its_settings_and_logs_it(folder):
    (folder / "state" / "environment").write_text("BOOKSALES_SOURCE_PASSWORD='a b$c'\n")
    line = as_cron(schedule(folder)).splitlines()[-1]
    command = line.split(" ", 5)[5]
    # As cron does: the command ends at a bare %, and \% stands for one.
    assert not re.search(r"(?<!\\)%", command)

    ran = subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], env={}, capture_output=True, text=True)

    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert (folder / "state" / "sync.log").read_text() == f"sync|{folder / 'state'}|Europe/Berlin|a b$c"


def test_without_a_file_of_secrets_the_command_runs_all_the_same(folder):
    command = as_cron(schedule(folder)).splitlines()[-1].split(" ", 5)[5].replace("\\%", "%")

    ran = subprocess.run(["/bin/sh", "-c", command], env={}, capture_output=True, text=True)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert (folder / "state" / "sync.log").read_text().startswith("sync|")


@pytest.mark.parametrize("job", ["sweep", "maintain"])
def test_what_scans_everything_runs_on_sundays(folder, job):
    assert as_cron(schedule(folder, job)).splitlines()[-1].split(" ")[4] == "0"
    assert "OnCalendar=Sun *-*-* 04:30:00\n" in as_systemd(schedule(folder, job))


# systemd


def test_the_units_are_a_service_and_a_timer_of_one_name(folder):
    files = parts(as_systemd(schedule(folder)))

    assert list(files) == ["booksales-sync.service", "booksales-sync.timer"]
    service, timer = unit(files["booksales-sync.service"]), unit(files["booksales-sync.timer"])
    assert service.sections() == ["Unit", "Service"]
    assert (service["Service"]["Type"], service["Service"]["User"], service["Service"]["UMask"]) == (
        "oneshot",
        "root",
        "0077",
    )
    assert timer.sections() == ["Unit", "Timer", "Install"]
    assert dict(timer["Timer"]) == {"OnCalendar": "*-*-* 04:30:00", "Persistent": "true"}
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_paths_go_through_systemds_quoting(folder):
    text = parts(as_systemd(schedule(folder)))["booksales-sync.service"]
    service = unit(text)["Service"]

    # In double quotes a shell's and systemd's words are the same, once the doubled signs are single.
    words = shlex.split(service["ExecStart"].replace("$$", "$").replace("%%", "%"))
    # Without it systemd would refuse a program whose path holds a quote.
    assert words == ["/usr/bin/env", str(folder / "bin" / "booksales"), "sync"]
    (home,) = re.findall(r'^Environment="BOOKSALES_HOME=(.*)"$', text, re.MULTILINE)
    assert home.replace("%%", "%").replace('\\"', '"').replace("\\\\", "\\") == str(folder / "state")
    assert service["StandardOutput"].replace("%%", "%") == f"append:{folder / 'state' / 'sync.log'}"
    assert service["EnvironmentFile"].replace("%%", "%") == f"-{folder / 'state' / 'environment'}"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="missing: systemd-analyze")
@pytest.mark.parametrize("name", ["plain", AWKWARD], ids=["a plain path", "an awkward path"])
def test_systemd_finds_no_fault_in_the_units(tmp_path, name):
    folder, units = tmp_path / name, tmp_path / "units"
    (folder / "bin").mkdir(parents=True)
    units.mkdir()
    shutil.copy("/bin/true", folder / "bin" / "booksales")
    for file, text in parts(as_systemd(schedule(folder))).items():
        (units / file).write_text(text)

    def verify():
        command = ["systemd-analyze", "verify", "--man=no", *sorted(map(str, units.iterdir()))]
        told = subprocess.run(command, capture_output=True, text=True)
        return [line for line in (told.stdout + told.stderr).splitlines() if "booksales-sync" in line]

    faultless = verify()
    # The control: a fault is found.
    service = units / "booksales-sync.service"
    service.write_text(service.read_text().replace("EnvironmentFile=-/", "EnvironmentFile="))

    assert faultless == []
    assert len(verify()) == 1


def test_a_path_that_no_line_can_hold_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"two\\nlines.*rename it"):
        schedule(tmp_path, secrets=tmp_path / "two\nlines")
