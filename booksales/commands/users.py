"""`booksales users`: who may sign in, as what, and what they see. Whoever has the state folder may do it."""

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from api.audit.installation import audited_command
from api.auth.accounts import Account
from api.auth.authority import Authority, open_authority
from api.auth.passwords import generated_password
from booksales.commands import Verbs, add_json, add_verb, as_json, as_table
from booksales.local_stack.files import write_in_one_step
from jobs_config.errors import ConfigError, ExitCode
from jobs_config.settings import load_settings
from jobs_config.state import StateFolder, open_state
from warehouse.permissions import load_permissions
from warehouse.scope import Scope

ACTIONS = ("add", "list", "disable", "enable", "role", "scope", "reset", "token", "rotate-key")
WITHOUT_NAME = ("list", "rotate-key")
HERE = "command line"


def add_to(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "users", "say who may sign in, and as what", run,
        "booksales users add ana --role analyst", 'booksales users add leo --role viewer --region "United Kingdom"',
        "booksales users list --json", "booksales users role ana --role engineer", "booksales users scope leo",
        "booksales users disable leo", "booksales users reset ana", "booksales users token ana --to header.txt",
        "booksales users rotate-key",
    )  # fmt: skip
    verb.add_argument("action", choices=ACTIONS, help="what to do")
    verb.add_argument("name", nargs="?", help="whose account; not for list and rotate-key")
    verb.add_argument("--role", choices=load_permissions().roles, help="for add and role")
    verb.add_argument(
        "--region",
        action="append",
        help="see this country, or `Country / Region`, only; repeat for several",
    )
    verb.add_argument("--publisher", action="append", help="see this publisher, or `Publisher / Imprint`, only; repeat")
    verb.add_argument("--to", type=Path, default=None, help="file of mode 0600 for the password or token made")
    add_json(verb)


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    state, settings = open_state(), load_settings()
    authority = open_authority(state, settings)
    what = f"{arguments.action} {arguments.name or ''}".strip()
    with audited_command(state, settings, f"users {arguments.action}", what), closing(authority):
        doing: dict[str, Callable[[], None]] = {
            "add": lambda: _add(authority, state, arguments),
            "list": lambda: _list(authority, arguments.json),
            "disable": lambda: _say(authority.accounts.change(arguments.name, is_disabled=True), arguments.json),
            "enable": lambda: _say(authority.accounts.change(arguments.name, is_disabled=False), arguments.json),
            "role": lambda: _say(authority.accounts.change(arguments.name, role=arguments.role), arguments.json),
            "scope": lambda: _say(authority.accounts.change(arguments.name, scope=_scope(arguments)), arguments.json),
            "reset": lambda: _reset(authority, state, arguments),
            "token": lambda: _token(authority, state, arguments),
            "rotate-key": lambda: print(
                f"key {authority.keys.rotate()} signs from now on; tokens of the one before run out"
            ),
        }
        doing[arguments.action]()
    return ExitCode.DONE


def hand_over(what: str, secret: str, path: Path, to_file: bool = False) -> str:
    """A sentence with the secret where a person reads it once, on a terminal; else with the file of mode 0600 that has it."""
    if sys.stdout.isatty() and not to_file:
        return f"{what}: {secret}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_in_one_step(path, f"{secret}\n".encode())
    return f"{what}: in {path}, which only you can read"


def password_file(state: StateFolder, username: str) -> Path:
    """Where a generated password goes where nobody reads along."""
    return state.root / "secrets" / "passwords" / username


def _check(arguments: argparse.Namespace) -> None:
    action = arguments.action
    if bool(arguments.name) == (action in WITHOUT_NAME):
        raise ConfigError(f"{action} takes {'no name' if arguments.name else 'the name of an account'}")
    if (arguments.role is None) == (action in ("add", "role")):
        raise ConfigError(f"--role is for add and role, and needed there; the action is {action}")
    if (arguments.region or arguments.publisher) and action not in ("add", "scope"):
        raise ConfigError(f"--region and --publisher are for add and scope; the action is {action}")


def _scope(arguments: argparse.Namespace) -> Scope:
    return Scope(tuple(arguments.region or ()), tuple(arguments.publisher or ()))


def _add(authority: Authority, state: StateFolder, arguments: argparse.Namespace) -> None:
    password = generated_password()
    account = authority.accounts.add(arguments.name, arguments.role, _scope(arguments), password)
    _hand_over_password(state, arguments, account, password)


def _reset(authority: Authority, state: StateFolder, arguments: argparse.Namespace) -> None:
    password = generated_password()
    authority.accounts.set_password(arguments.name, password, "password reset")
    _hand_over_password(state, arguments, authority.accounts.find(arguments.name), password)


def _hand_over_password(state: StateFolder, arguments: argparse.Namespace, account: Account, password: str) -> None:
    path = arguments.to or password_file(state, account.username)
    told = hand_over("password", password, path, to_file=bool(arguments.to or arguments.json))
    if arguments.json:
        print(as_json({**account.described, "password_file": path}))
    else:
        print(f"{account.username} is {account.role}{_narrowed(account)}\n{told}")


def _token(authority: Authority, state: StateFolder, arguments: argparse.Namespace) -> None:
    tokens = authority.open_session(arguments.name, HERE)
    header = f"Authorization: Bearer {tokens.access}"
    path = arguments.to or state.root / "secrets" / "headers" / arguments.name
    told = hand_over("good for 15 minutes", header, path, to_file=bool(arguments.to or arguments.json))
    print(as_json({"header_file": path}) if arguments.json else told)


def _list(authority: Authority, wants_json: bool) -> None:
    accounts = authority.accounts.page()
    if wants_json:
        print(as_json([account.described for account in accounts]))
    elif accounts:
        lines: list[list[object]] = [
            [account.username, account.role, "disabled" if account.is_disabled else "", _narrowed(account).lstrip(", ")]
            for account in accounts
        ]
        print(as_table(["user", "role", "", "sees"], lines))
    else:
        print("nobody yet; `booksales users add NAME --role admin` makes the first")


def _say(account: Account, wants_json: bool) -> None:
    state = ", disabled" if account.is_disabled else ""
    print(
        as_json(account.described) if wants_json else f"{account.username} is {account.role}{state}{_narrowed(account)}"
    )


def _narrowed(account: Account) -> str:
    names = (*account.scope.regions, *account.scope.publishers)
    return f", sees {', '.join(names)} only" if names else ""
