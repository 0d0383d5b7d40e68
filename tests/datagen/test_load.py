import io
from contextlib import closing

import psycopg2
import pyarrow as pa
import pytest

from datagen.load import CsvRows, copy_rows, table_names

NOTES = [
    pa.table({"id": [1, 2], "note": ["plain", None]}),
    pa.table({"id": [3], "note": ['with "quotes", and\nlines']}),
]


@pytest.fixture
def cursor(shop_database):
    with closing(psycopg2.connect(shop_database)) as connection, connection.cursor() as cursor:
        cursor.execute("create table notes (note text, id int)")
        yield cursor


def test_rows_are_read_in_pieces_of_any_size():
    heard = []
    stream = io.BufferedReader(CsvRows(iter(NOTES), heard.append), 3)

    assert stream.read() == b'1,"plain"\n2,\n3,"with ""quotes"", and\nlines"\n'
    assert heard == [2, 3]


def test_text_arrives_as_it_was_and_null_as_null(cursor):
    assert copy_rows(cursor, "notes", NOTES) == 3

    cursor.execute("select id, note from notes order by id")
    assert cursor.fetchall() == [(1, "plain"), (2, None), (3, 'with "quotes", and\nlines')]


def test_an_interrupt_while_rows_are_sent_stays_an_interrupt(cursor):
    def interrupted():
        yield NOTES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_rows(cursor, "notes", interrupted())


def test_each_table_has_a_file_named_after_it():
    assert table_names()[0] == "books_publisher"
    assert table_names()[-3:] == ["datagen_shop_mark", "datagen_simulated_day", "datagen_fault"]
    assert len(table_names()) == 18
