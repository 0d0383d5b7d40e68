"""`booksales audit`: prove that nobody changed who asked what, and let go of what is past its time."""

import argparse
from dataclasses import asdict

from api.audit.installation import prune_audit, verify_audit
from booksales.commands import Verbs, add_json, add_verb, as_json
from jobs_config.errors import ExitCode
from jobs_config.settings import load_settings
from jobs_config.state import open_state


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs,
        "audit",
        "prove that the audit is as it was written",
        run,
        "booksales audit verify",
        "booksales audit prune --json",
    )
    verb.add_argument("action", choices=("verify", "prune"), help="what to do")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    state, settings = open_state(), load_settings()
    if arguments.action == "prune":
        dropped = prune_audit(state, settings)
        said = (
            f"{dropped} segments older than {settings.audit_retention_days} days were dropped; their signed heads stay"
        )
        print(as_json({"dropped_segments": dropped}) if arguments.json else said)
        return ExitCode.DONE
    verdict = verify_audit(state, settings)
    if arguments.json:
        print(as_json({"is_sound": verdict.is_sound, **asdict(verdict)}))
    elif verdict.is_sound:
        print(
            f"{verdict.entries:,} entries up to {verdict.newest_seq:,} are as they were written; "
            f"{verdict.anchors:,} heads kept outside the database agree, up to {verdict.anchored_seq:,}"
        )
    else:
        print("\n".join(verdict.faults))
    return ExitCode.DONE if verdict.is_sound else ExitCode.ATTENTION
