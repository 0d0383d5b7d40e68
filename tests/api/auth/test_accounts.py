"""Accounts: what may be changed, and the one who must stay."""

import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from api_databases import database_url
from signed_in import account, tokens

from api.auth.accounts import AccountError, Accounts, NoAccountError
from api.auth.authority import UnauthenticatedError
from api.auth.passwords import PasswordRuleError, matches, refuse_weak
from api.auth.schema import ACCOUNT, ACCOUNTS, METADATA, SESSION
from api.database import DatabaseError, is_up_to_date, migrate, open_database, writing
from jobs_config.errors import ConfigError
from jobs_config.settings import Settings
from warehouse.scope import EVERYTHING, Scope

PASSWORD = "correct horse battery"


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path, monkeypatch):
    """A database of the test's own, of each kind that is supported."""
    engine = open_database(database_url(request, tmp_path, monkeypatch))
    yield engine
    engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_knows(engine):
    migrate(engine, ACCOUNTS)
    migrate(engine, ACCOUNTS)

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": ACCOUNTS.version_table, "compare_type": True}
        )
        assert compare_metadata(context, METADATA) == []
    assert is_up_to_date(engine, ACCOUNTS)


def test_a_database_of_a_newer_version_is_left_alone(engine):
    migrate(engine, ACCOUNTS)
    with writing(engine) as connection:
        connection.execute(sa.text(f"update {ACCOUNTS.version_table} set version_num = '9999'"))

    with pytest.raises(DatabaseError, match="use the version that wrote it"):
        migrate(engine, ACCOUNTS)
    assert not is_up_to_date(engine, ACCOUNTS)


def test_an_account_is_what_was_asked_for_and_its_name_is_taken(engine):
    migrate(engine, ACCOUNTS)
    accounts = Accounts(engine)
    scope = Scope(("Germany", "United Kingdom / Scotland"), ("Meridian Books",))
    added = accounts.add("ana", "analyst", scope, PASSWORD)

    assert (added.username, added.role, added.scope, added.is_disabled) == ("ana", "analyst", scope, False)
    assert accounts.find("ana") == added
    assert matches(PASSWORD, accounts.password_hash("ana")[1])
    with pytest.raises(AccountError, match="already"):
        accounts.add("ana", "viewer", EVERYTHING, PASSWORD)


def test_of_many_first_administrators_one_is(engine):
    migrate(engine, ACCOUNTS)
    accounts, made, refused = Accounts(engine), [], []

    def set_up(number):
        try:
            made.append(accounts.add(f"admin{number}", "admin", EVERYTHING, PASSWORD, only_as_first=True).username)
        except AccountError:
            refused.append(number)

    threads = [threading.Thread(target=set_up, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(made), len(refused)) == (1, 5)
    assert [account.username for account in accounts.page()] == made


@pytest.mark.parametrize("change", [{"is_disabled": True}, {"role": "engineer"}], ids=["disabled", "demoted"])
def test_the_last_administrator_stays(authority, change):
    account(authority, "admin")
    with pytest.raises(AccountError, match="last administrator"):
        authority.accounts.change("admin", **change)
    assert authority.accounts.find("admin").role == "admin"

    account(authority, "admin", username="second")
    authority.accounts.change("admin", **change)


def test_a_change_of_role_or_scope_holds_for_tokens_that_are_out(authority):
    header = f"Bearer {tokens(authority, 'engineer', username='ana').access}"
    authority.accounts.change("ana", role="viewer", scope=Scope(("Germany",)))

    caller = authority.caller(header)
    assert (caller.role, caller.scope) == ("viewer", Scope(("Germany",)))


def test_who_sees_the_same_has_the_same_view_and_nobody_else(authority):
    germany = (("region", "Germany"),)
    seen = [
        authority.caller(f"Bearer {tokens(authority, role, members, name).access}").view
        for role, members, name in [
            ("viewer", germany, "a"),
            ("viewer", germany, "b"),
            ("viewer", (("publisher", "Germany"),), "c"),
            ("analyst", germany, "d"),
            ("viewer", (), "e"),
        ]
    ]

    assert seen[0] == seen[1]
    assert len(set(seen)) == 4


def test_disabling_amid_requests_leaves_no_success_after_it_is_done(authority):
    header = f"Bearer {tokens(authority, 'viewer', username='ana').access}"
    done, late = threading.Event(), []

    def ask():
        for _ in range(200):
            is_done = done.is_set()
            try:
                authority.caller(header)
            except UnauthenticatedError:
                continue
            if is_done:
                late.append(header)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    authority.accounts.change("ana", is_disabled=True)
    done.set()
    for thread in threads:
        thread.join()

    assert late == []


@pytest.mark.parametrize("username", ["", "a", "Ana", "ana lund", "-ana", "a" * 65, "ana\n", "../ana", "änä"])
def test_a_name_that_is_none_is_refused(authority, username):
    with pytest.raises(ConfigError, match="a user's name is"):
        authority.accounts.add(username, "viewer", EVERYTHING, PASSWORD)


def test_what_is_not_there_is_said_so(authority):
    with pytest.raises(NoAccountError, match="no user 'bob'"):
        authority.accounts.change("bob", role="viewer")
    with pytest.raises(ConfigError, match="no role 'root'; there are viewer"):
        authority.accounts.add("ana", "root", EVERYTHING, PASSWORD)


@pytest.mark.parametrize(
    ("password", "said"),
    [("short", "12 to 256"), ("x" * 257, "12 to 256"), ("annalisa-2026", "user's name"), ("abababababab", "different")],
)
def test_a_weak_password_is_refused(password, said):
    with pytest.raises(PasswordRuleError, match=said):
        refuse_weak(password, "annalisa")


def test_no_password_and_no_refresh_token_is_kept_in_the_clear(authority, own_state):
    authority.accounts.add("ana", "viewer", EVERYTHING, PASSWORD)
    given = authority.sign_in("ana", PASSWORD, "10.0.0.1")
    authority.engine.dispose()

    kept = b"".join(path.read_bytes() for path in own_state.root.glob("accounts.db*"))
    assert PASSWORD.encode() not in kept
    assert given.refresh.encode() not in kept
    assert b"argon2id" in kept
    assert {path.stat().st_mode & 0o777 for path in own_state.root.glob("accounts.db")} == {0o600}


def test_old_sessions_are_forgotten(authority):
    tokens(authority, "viewer", username="ana")
    with writing(authority.engine) as connection:
        connection.execute(SESSION.update().values(created_at=1))
    tokens(authority, "viewer", username="ana")

    with authority.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(SESSION)).scalar_one() == 1
        assert connection.execute(sa.select(sa.func.count()).select_from(ACCOUNT)).scalar_one() == 2


@pytest.mark.parametrize("url", ["postgresql://user:secret@host/db", "mysql://user@host/db", "sqlite:///file"])
def test_a_control_database_with_a_password_in_its_address_or_of_another_kind_is_refused(url):
    with pytest.raises(ValueError, match="BOOKSALES_CONTROL_PASSWORD"):
        Settings(control_url=url)
