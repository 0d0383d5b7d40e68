"""A job of every day or week as text for cron or systemd: absolute paths, this installation's settings, no secret."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path

from jobs_config.errors import ConfigError

# What may run while the shop is busy runs every day; what scans all of it runs on Sundays.
EVERY_DAY, SUNDAYS = "daily", "weekly"
JOBS = {"sync": EVERY_DAY, "sweep": SUNDAYS, "maintain": SUNDAYS}


@dataclass(frozen=True)
class Schedule:
    """What runs when. `environment` holds no secret; those are in `secrets`, a file of NAME=VALUE lines that need not exist."""

    job: str
    at: time
    command: Sequence[str]
    environment: Mapping[str, str]
    secrets: Path
    log: Path
    user: str
    time_zones: str

    def __post_init__(self) -> None:
        texts = [*self.command, *self.environment.values(), str(self.secrets), str(self.log)]
        broken = [text for text in texts if not text.isprintable()]
        if broken:
            raise ConfigError(f"{broken[0]!r} holds a character that neither crontabs nor unit files can; rename it")

    @property
    def rhythm(self) -> str:
        return JOBS[self.job]

    @property
    def unit(self) -> str:
        return f"booksales-{self.job}"


def as_cron(schedule: Schedule) -> str:
    """Comments and one line of a crontab."""
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in schedule.environment.items())
    secrets, log = shlex.quote(str(schedule.secrets)), shlex.quote(str(schedule.log))
    command = f"umask 077; set -a; [ ! -r {secrets} ] || . {secrets}; set +a; {given} {shlex.join(schedule.command)} >> {log} 2>&1"
    # To cron, a bare % ends the command.
    escaped = command.replace("%", "\\%")
    day = "0" if schedule.rhythm == SUNDAYS else "*"
    lines = [*_notes(schedule), "Add the line by `crontab -e`."]
    return "\n".join([*(f"# {line}" for line in lines), f"{schedule.at.minute} {schedule.at.hour} * * {day} {escaped}"])


def as_systemd(schedule: Schedule) -> str:
    """A service and its timer, each below a comment with its file's name."""
    log, secrets = _plain(str(schedule.log)), _plain(str(schedule.secrets))
    days = "Sun " if schedule.rhythm == SUNDAYS else ""
    return f"""\
{chr(10).join(f"# {line}" for line in _notes(schedule))}
# Save the two parts under their names, then: systemctl daemon-reload && systemctl enable --now {schedule.unit}.timer

# /etc/systemd/system/{schedule.unit}.service
[Unit]
Description=Book sales: {schedule.rhythm} {schedule.job}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
User={schedule.user}
UMask=0077
{chr(10).join(f"Environment={_quoted(f'{name}={value}')}" for name, value in schedule.environment.items())}
EnvironmentFile=-{secrets}
ExecStart={_command_line(schedule.command)}
StandardOutput=append:{log}
StandardError=append:{log}
# The command ends what it has started, in good order; the embedded PostgreSQL is to go on.
KillMode=process
TimeoutStopSec=120

# /etc/systemd/system/{schedule.unit}.timer
[Unit]
Description=Book sales: {schedule.rhythm} {schedule.job}, at {schedule.at:%H:%M}

[Timer]
OnCalendar={days}*-*-* {schedule.at:%H:%M}:00
# A machine that slept at that time catches up.
Persistent=true

[Install]
WantedBy=timers.target"""


def _notes(schedule: Schedule) -> list[str]:
    return [
        f"Book sales: {schedule.rhythm} {schedule.job} at {schedule.at:%H:%M}. {schedule.time_zones}",
        f"What it says goes to {schedule.log}.",
        f"No secret stands here. Passwords, such as BOOKSALES_SOURCE_PASSWORD, go as NAME='VALUE' lines into {schedule.secrets}",
        "(chmod 600), which need not exist. A run that finds another at work ends with exit code 3.",
    ]


def _command_line(command: Sequence[str]) -> str:
    words = " ".join(_quoted(word).replace("$", "$$") for word in command)
    # A program's own path may hold none of these; an argument may.
    return f"/usr/bin/env {words}" if set(command[0]) & set("\"'\\$") else words


def _plain(text: str) -> str:
    # To systemd, % begins a specifier.
    return text.replace("%", "%%")


def _quoted(word: str) -> str:
    escaped = _plain(word).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
