"""`booksales schedule`: print what makes cron or systemd run a job of this installation; nothing is installed."""

import argparse
import getpass
import os
import sys
from datetime import datetime, time
from pathlib import Path

from booksales.commands import Verbs, add_verb
from booksales.schedule import JOBS, Schedule, as_cron, as_systemd
from jobs_config.errors import ExitCode
from jobs_config.settings import PREFIX, Settings, load_settings
from jobs_config.state import HOME_VARIABLE, StateFolder, open_state

# No settings, yet a job in the background must find them as its owner's shell does.
PLACES = ("JAVA", "JAR_CACHE")
# Apart, as only one may write at a time, and on one day of the week all three run.
USUAL_TIMES = {"sync": "04:30", "sweep": "06:30", "maintain": "08:30"}
FORMS = {"cron": as_cron, "systemd": as_systemd}


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "schedule", "print a crontab line or systemd units for a job; install nothing", run,
        "booksales schedule --print cron", "booksales schedule --print systemd --at 03:15",
        "booksales schedule --print cron --for sweep",
    )  # fmt: skip
    verb.add_argument("--print", choices=sorted(FORMS), required=True, help="for whom")
    usual = ", ".join(f"{job} {at}" for job, at in USUAL_TIMES.items())
    verb.add_argument("--at", type=_time_of_day, metavar="HH:MM", help=f"when (default: {usual})")
    verb.add_argument("--for", dest="job", choices=list(JOBS), default="sync", help="which job (default: sync)")


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    print(
        FORMS[arguments.print](
            _schedule(state, settings, arguments.job, arguments.at or _time_of_day(USUAL_TIMES[arguments.job]))
        )
    )
    return ExitCode.DONE


def _schedule(state: StateFolder, settings: Settings, job: str, at: time) -> Schedule:
    names = [f"{PREFIX}{name}" for name in (*(field.upper() for field in Settings.model_fields), *PLACES)]
    here = datetime.now().astimezone()
    return Schedule(
        job=job,
        at=at,
        command=[*_program(), job],
        environment={
            HOME_VARIABLE: str(state.root),
            **{name: os.environ[name] for name in names if name in os.environ},
        },
        secrets=state.root / "secrets" / "environment",
        log=state.logs / f"{job}.log",
        user=getpass.getuser(),
        time_zones=f"That is this machine's time, now {here:%Z} ({here:%z}); the shop's days are those of {settings.time_zone}.",
    )


def _program() -> list[str]:
    # Beside this Python, whatever a PATH may say in the background.
    installed = Path(sys.executable).with_name("booksales")
    return [str(installed)] if installed.exists() else [sys.executable, "-m", "booksales.cli"]


def _time_of_day(text: str) -> time:
    try:
        return datetime.strptime(text, "%H:%M").time()
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"expected HH:MM, from 00:00 to 23:59, found {text!r}") from error
