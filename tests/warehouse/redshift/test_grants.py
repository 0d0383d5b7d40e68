"""Who sees what in Redshift, by warehouse/permissions.yaml: every role by every column, rows by scope, masks over the rest."""

from functools import cache

import pytest
import redshift_connector
from small_star import BOOKS, described, tables, write_exports

from warehouse.ddl import views
from warehouse.permissions import load_permissions
from warehouse.publication import PublicationError
from warehouse.redshift import grants
from warehouse.redshift.address import PASSWORD_VARIABLE
from warehouse.redshift.warehouse import RedshiftWarehouse

PERMISSIONS = load_permissions()
ROWS = tables()
PEOPLE = {role: f"person_{role}" for role in PERMISSIONS.roles}
NET = "select sum(gross_revenue - discount - return_value) as net from analytics.{}"


@pytest.fixture(scope="module")
def exports(tmp_path_factory):
    sales = [row for row in ROWS["fact_sales"] if row["sale_date"].year == 2025]
    return write_exports(tmp_path_factory.mktemp("lake"), {**ROWS, "fact_sales": sales})


@pytest.fixture
def admin(redshift):
    """Carries statements out as whoever runs the database."""
    connection = redshift()
    return lambda sql: connection.cursor().execute(sql)


@pytest.fixture
def ask(warehouse, exports, admin, gateway, redshift):
    """The star with its permissions, and a person of each role; asks as one of them."""
    warehouse.publish(exports, described(1), {}, keep=2)
    warehouse.apply_permissions()
    users = [*PEOPLE.values(), "person_service"]
    for role, user in [*PEOPLE.items(), ("api", "person_service")]:
        admin(f"create user {user} password disable")
        admin(f"grant role {grants.PREFIX}{role} to {user}")
        gateway.passwords[user] = f"of {user}"

    as_user = cache(redshift)

    def ask(user, sql):
        cursor = as_user(user).cursor()
        cursor.execute(sql)
        return [list(row) for row in cursor.fetchall()]

    yield ask
    gateway.forget_roles([*users, *map(grants.role_name, PERMISSIONS.roles), grants.SERVICE])


def may(ask, user, sql):
    try:
        ask(user, sql)
    except redshift_connector.ProgrammingError as error:
        assert "permission denied" in str(error), error
        return False
    return True


@pytest.mark.parametrize(
    "role",
    [pytest.param(role, marks=() if role == "viewer" else pytest.mark.slow) for role in PERMISSIONS.roles],
)
def test_every_role_sees_the_columns_of_the_matrix_and_no_other(ask, role):
    granted = PERMISSIONS.tables_of(role)
    wrong = [
        (table, column)
        for table, columns in grants.columns_by_table().items()
        for column in columns
        if may(ask, PEOPLE[role], f"select {column} from analytics.{table} limit 1")
        != (column in granted.get(table, ()))
    ]

    assert wrong == []
    assert [
        view for view in views() if not may(ask, PEOPLE[role], f"select net_units from analytics.{view} limit 1")
    ] == []


def test_what_the_matrix_does_not_name_nobody_is_granted():
    granted = {
        statement.partition(" on analytics.")[2].partition(" ")[0]: statement
        for statement in grants.grant_columns()
        if statement.startswith("grant select (") and statement.endswith(grants.role_name("admin"))
    }

    assert "dim_customer" not in granted
    assert "customer_key" not in granted["fact_sales"]
    assert "order_id" not in granted["fact_sales"]
    assert "unit_cost" in granted["dim_book"]
    everything = grants.columns_by_table()["dim_book"]
    assert "source_updated_at" in everything
    assert "source_updated_at" not in granted["dim_book"]


@pytest.mark.slow
def test_tables_below_the_views_are_out_of_reach_and_so_is_the_record(ask, warehouse):
    star = warehouse.current()
    name = star._star
    star.release()

    for user in PEOPLE.values():
        assert not may(ask, user, f"select count(*) from {name}.dim_genre")
        assert not may(ask, user, "select count(*) from ops.account_scope")


@pytest.mark.slow
def test_what_is_granted_by_hand_comes_masked(ask, admin):
    admin(f"grant select on analytics.fact_sales to role {grants.role_name('viewer')}")
    admin(f"grant select on analytics.dim_customer to role {grants.role_name('viewer')}")
    admin(f"grant select on analytics.rollup_book_daily to role {grants.role_name('viewer')}")

    hidden = "select max(customer_key), max(order_id), max(cost_reporting_amount) from analytics.fact_sales"
    assert ask(PEOPLE["viewer"], hidden) == [[None, None, None]]
    assert ask(PEOPLE["viewer"], "select max(customer_hash) from analytics.dim_customer") == [[None]]
    assert ask(PEOPLE["viewer"], "select max(cost) from analytics.rollup_book_daily") == [[None]]
    (seen,) = ask(PEOPLE["analyst"], hidden)
    assert seen[:2] == [None, None]
    assert seen[2] > 0
    (found,) = ask(PEOPLE["admin"], "select sum(cost) from analytics.rollup_book_daily")
    assert found[0] > 0


def net_of(rows, *keys):
    return sum(
        row["net_reporting_amount"]
        for row in rows
        if row["in_default_totals"] and (not keys or row["region_key"] in keys)
    )


def test_a_narrowed_account_sees_its_rows_and_no_totals_over_others(ask, admin, warehouse, exports):
    sales = [row for row in ROWS["fact_sales"] if row["sale_date"].year == 2025]
    in_totals = " where in_default_totals"
    authors_of_lantern_press = [
        [name] for name in sorted({name for book in BOOKS if book[3] == 2 for name in book[2].split("; ")})
    ]
    everything = [[net_of(sales)]]
    assert ask(PEOPLE["viewer"], NET.format("rollup_sales_daily") + in_totals) == everything
    admin("insert into ops.account_scope values ('person_viewer', 'region', 'United Kingdom')")
    admin("insert into ops.account_scope values ('person_analyst', 'publisher', 'Harbour House / Lantern Press')")
    warehouse.apply_permissions()

    for run_seq in (2, 3):
        british = [[net_of(sales, 4, 5)]]
        assert ask(PEOPLE["viewer"], NET.format("rollup_sales_daily") + in_totals) == british
        assert ask(PEOPLE["viewer"], "select region from analytics.dim_region order by 1") == [["London"], ["Scotland"]]
        assert ask(PEOPLE["viewer"], "select distinct country from analytics.sales_by_region") == [["United Kingdom"]]
        # By book there is no region, so there is nothing that could be narrowed.
        assert ask(PEOPLE["viewer"], NET.format("rollup_book_daily")) == [[None]]
        assert ask(PEOPLE["analyst"], "select distinct publisher_key from analytics.fact_sales") == [[2]]
        assert ask(PEOPLE["analyst"], "select author from analytics.dim_author order by 1") == authors_of_lantern_press
        assert ask(PEOPLE["analyst"], NET.format("rollup_sales_daily")) == [[None]]
        assert ask(PEOPLE["engineer"], NET.format("rollup_sales_daily") + in_totals) == everything
        # The same holds of tables that are built after it was set up.
        warehouse.publish(exports, described(run_seq), {}, keep=2)


@pytest.mark.slow
@pytest.mark.parametrize("publications", [0, 1], ids=["what was there before", "what is built after"])
def test_the_api_reads_all_that_it_asks_for_and_changes_nothing(
    ask, warehouse, exports, place, monkeypatch, gateway, publications
):
    for number in range(publications):
        warehouse.publish(exports, described(2 + number), {}, keep=2)
    monkeypatch.setenv(PASSWORD_VARIABLE, gateway.passwords["person_service"])
    service = RedshiftWarehouse(place.replace("admin@", "person_service@"), warehouse._copying)

    reading = service.current()

    for table in grants.columns_by_table():
        reading.rows(f"select * from analytics.{table} limit 1")
    reading.rows("select count(*) from analytics.sales_by_day")
    reading.release()
    with pytest.raises(PublicationError, match="permission denied"):
        service.publish(exports, described(3), {}, keep=2)
    service.close()


@pytest.mark.slow
def test_permissions_can_be_set_up_again_and_again(ask, warehouse):
    first = warehouse.apply_permissions()

    assert warehouse.apply_permissions() == first
    assert may(ask, PEOPLE["viewer"], "select net_units from analytics.sales_by_day limit 1")


def test_there_is_nothing_to_grant_before_the_first_publication(warehouse):
    with pytest.raises(PublicationError, match="there are no views to grant yet; publish first"):
        warehouse.apply_permissions()


def test_the_script_can_be_read_before_it_is_run():
    statements = grants.script()

    assert statements[0] == "create role booksales_viewer"
    assert "alter table analytics.fact_sales row level security on" in statements
    assert not any(";" in statement for statement in statements)
