"""What the driver needs on the wire: sign-in, parameters, values, transactions and errors."""

from datetime import date, datetime
from decimal import Decimal

import pytest
import redshift_connector

TYPES = (
    "select 1::smallint, 2::int, 3::bigint, 1.5::double precision, true, 'text'::varchar(10), 12.30::decimal(12,2), "
    "date '2024-02-29', timestamp '2024-02-29 12:30:00.25'"
)


def test_values_of_every_type_of_ours_come_through(run):
    assert run(TYPES) == [
        [1, 2, 3, 1.5, True, "text", Decimal("12.30"), date(2024, 2, 29), datetime(2024, 2, 29, 12, 30, 0, 250_000)]
    ]


def test_parameters_are_bound_by_the_server(run):
    run("create table shop.book (title varchar(40), price decimal(12,2), published_on date, pages int)")

    run("insert into shop.book values (?, ?, ?, ?)", "'; drop table shop.book", Decimal("9.99"), date(2024, 1, 2), None)

    assert run("select * from shop.book where title like ?", "%drop%") == [
        ["'; drop table shop.book", Decimal("9.99"), date(2024, 1, 2), None]
    ]


def test_a_wrong_password_is_refused(gateway):
    with pytest.raises(redshift_connector.InterfaceError, match="password authentication failed"):
        redshift_connector.connect(
            host="127.0.0.1", port=gateway.port, database="analytics", user="admin", password="guessed", ssl=False
        )


def test_the_driver_asks_for_tls_unless_it_is_told_not_to(gateway):
    with pytest.raises(redshift_connector.InterfaceError, match="Server refuses SSL"):
        redshift_connector.connect(
            host="127.0.0.1", port=gateway.port, database="analytics", user="admin", password="any"
        )


def test_a_transaction_is_open_from_the_first_statement_unless_autocommit_is_on(redshift, run):
    run("create table shop.book (pages int)")
    writer = redshift(autocommit=False)
    writer.cursor().execute("insert into shop.book values (1)")

    assert run("select count(*) from shop.book") == [[0]]
    writer.commit()
    assert run("select count(*) from shop.book") == [[1]]


def test_what_is_refused_ends_the_transaction_as_any_error_does(redshift, run):
    run("create table shop.book (pages int)")
    writer = redshift(autocommit=False)
    cursor = writer.cursor()
    cursor.execute("insert into shop.book values (1)")
    with pytest.raises(redshift_connector.ProgrammingError, match="RETURNING is not supported"):
        cursor.execute("insert into shop.book values (2) returning pages")

    with pytest.raises(redshift_connector.ProgrammingError, match="current transaction is aborted"):
        cursor.execute("select count(*) from shop.book")
    writer.commit()

    assert run("select count(*) from shop.book") == [[0]]


def test_a_reader_sees_one_snapshot_taken_by_its_first_query(redshift, run):
    run("create table shop.book (pages int)")
    reader = redshift(autocommit=False).cursor()
    reader.execute("select count(*) from shop.book")
    run("insert into shop.book values (1)")

    reader.execute("select count(*) from shop.book")

    assert list(reader.fetchone()) == [0]
    # The control: another transaction sees it.
    assert run("select count(*) from shop.book") == [[1]]


def test_two_writers_of_one_row_end_in_error_1023(redshift, run):
    run("create table shop.fence (run_seq bigint)")
    run("insert into shop.fence values (1)")
    late = redshift(autocommit=False).cursor()
    late.execute("select run_seq from shop.fence")
    run("update shop.fence set run_seq = 2")

    with pytest.raises(redshift_connector.ProgrammingError) as refused:
        late.execute("update shop.fence set run_seq = 3")

    assert (refused.value.args[0]["C"], refused.value.args[0]["M"]) == ("XX000", "1023")
    assert "Serializable isolation violation" in refused.value.args[0]["D"]
