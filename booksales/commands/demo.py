"""`booksales demo`: from nothing to a dashboard. What is there already is reused."""

import argparse
import sys
from contextlib import closing
from dataclasses import replace

from api.audit.installation import audited_command
from api.auth.accounts import ADMIN
from api.auth.authority import open_authority
from api.auth.passwords import generated_password
from booksales.commands import Verbs, add_verb
from booksales.commands.generate import add_shop_arguments, shop_plan
from booksales.commands.status import served
from booksales.commands.users import hand_over, password_file
from booksales.local_stack.postgres import EmbeddedPostgres
from booksales.local_stack.processes import Child, free_port, stop_signals_raise, watch
from booksales.pipeline import Source, run_pipeline
from datagen.shop import GeneratedShop, generate_shop, read_mark
from jobs_config.errors import ExitCode
from jobs_config.progress import Progress
from jobs_config.settings import Settings, load_settings
from jobs_config.state import StateFolder, open_state
from warehouse.scope import EVERYTHING

DEMO_ADMIN = "admin"


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "demo", "make a shop, run the whole pipeline, serve the dashboard", run,
        "booksales demo", "booksales demo --sales 100000 --no-serve",
    )  # fmt: skip
    add_shop_arguments(verb)
    verb.add_argument("--no-serve", action="store_true", help="stop after the publication, with the run's exit code")


def run(arguments: argparse.Namespace) -> int:
    state, settings, progress = open_state(), load_settings(), Progress()
    # Before minutes of work, not after them.
    shop_plan(arguments)
    if not arguments.no_serve:
        free_port(settings.api_port, "BOOKSALES_API_PORT")
        free_port(settings.dashboard_port, "BOOKSALES_DASHBOARD_PORT")
    postgres = EmbeddedPostgres(state)
    try:
        with stop_signals_raise():
            with progress.phase("start PostgreSQL"):
                postgres.start()
            shop = _shop(arguments, postgres, progress)
            code = _publish_if_needed(state, settings, postgres, shop, progress)
            if arguments.no_serve or code not in (ExitCode.DONE, ExitCode.ATTENTION):
                return code
            return _serve(state, settings, progress)
    finally:
        postgres.stop()


def _shop(arguments: argparse.Namespace, postgres: EmbeddedPostgres, progress: Progress) -> GeneratedShop:
    """The shop asked for. Without --until one of that size, span and seed is reused, whatever day it ends on."""
    plan, mark = shop_plan(arguments), read_mark(postgres.owner_dsn())
    if mark and arguments.until is None and (mark.sales, mark.years, mark.seed) == (plan.sales, plan.years, plan.seed):
        plan = replace(plan, until=mark.until)
    other = mark is not None and not mark.is_of(plan)
    if other:
        progress.say(f"the demo's shop ({mark}) is replaced by the one asked for")
    return generate_shop(postgres.owner_dsn(), plan, progress, replace=other)


def _publish_if_needed(
    state: StateFolder, settings: Settings, postgres: EmbeddedPostgres, shop: GeneratedShop, progress: Progress
) -> int:
    """Reload unless this very shop is served already."""
    publication, mark = served(state), read_mark(postgres.owner_dsn())
    if publication and mark and publication.snapshot_at > mark.generated_at:
        progress.say(
            f"generation {publication.generation} of this shop is served already; `booksales reload` would rebuild it"
        )
        return ExitCode.DONE
    # A wiped shop has new keys for new books: versions of the old one would be mixed with them.
    flags = ["--discard-history"] if shop.is_new else []
    return run_pipeline(state, settings, "reload", flags, Source(postgres.reader_url(), postgres.reader_password()))


def _serve(state: StateFolder, settings: Settings, progress: Progress) -> int:
    api_port = free_port(settings.api_port, "BOOKSALES_API_PORT")
    dashboard_port = free_port(settings.dashboard_port, "BOOKSALES_DASHBOARD_PORT")
    api_url, dashboard_url = f"http://127.0.0.1:{api_port}", f"http://127.0.0.1:{dashboard_port}"
    api = Child("api", [sys.executable, "-m", "api", "--port", str(api_port), "--home", str(state.root)], state.logs)
    dashboard = Child(
        "dashboard",
        [sys.executable, "-m", "streamlit_app", "--port", str(dashboard_port), "--api-url", api_url],
        state.logs,
    )
    with api, dashboard:
        with progress.phase("start API and dashboard"):
            api.wait_until_healthy(f"{api_url}/healthz")
            dashboard.wait_until_healthy(f"{dashboard_url}/_stcore/health")
        print(
            f"\n  dashboard  {dashboard_url}\n  API        {api_url}/api/analytics/summary/\n  sign in    {_sign_in(state, settings)}"
            "\n\nCtrl-C stops everything.",
            flush=True,
        )
        try:
            watch([api, dashboard])
        except KeyboardInterrupt:
            progress.say("\nstopping")
    return ExitCode.DONE


def _sign_in(state: StateFolder, settings: Settings) -> str:
    """How to sign in: with an administrator made now, whose password is shown once, or with the one there is."""
    with closing(open_authority(state, settings)) as authority:
        if authority.is_set_up():
            return f"as before; `booksales users reset {DEMO_ADMIN}` makes another password"
        password = generated_password()
        with audited_command(state, settings, "users add", f"add {DEMO_ADMIN}"):
            authority.accounts.add(DEMO_ADMIN, ADMIN, EVERYTHING, password, only_as_first=True)
        return f"as {DEMO_ADMIN}, {hand_over('password', password, password_file(state, DEMO_ADMIN))}"
