"""Redshift's dialect by its documentation: what it has, what it means otherwise, and what it does not have."""

import pytest
import redshift_connector


@pytest.fixture
def book(run):
    run("create table shop.book (book_id int not null, title varchar(8), sold_at timestamp)")
    run(
        "insert into shop.book values (1, 'Zebra', '2024-01-31 23:00'), (2, 'Ant', '2024-02-01 01:00'), (3, null, null)"
    )
    return run


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("datediff(day, '2024-01-31 23:00', '2024-02-01 01:00')", 1),
        ("datediff(month, '2024-01-31', '2024-02-01')", 1),
        ("datediff(hour, '2024-01-31 23:59', '2024-02-01 00:01')", 1),
        ("nvl(null, 'none')", "none"),
        ("nvl2(1, 'some', 'none')", "some"),
        ("decode(2, 1, 'one', 2, 'two', 'many')", "two"),
        ("len('über')", 4),
        ("position('be' in 'über')", 2),
        ("octet_length('über')", 5),
        ("concat('a', null)", None),
        ("last_day(date '2024-02-10')::varchar(10)", "2024-02-29"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_function_gives_what_the_guide_says(run, expression, expected):
    assert run(f"select {expression}") == [[expected]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select listagg(title, '; ') within group (order by title) from shop.book", [["Ant; Zebra"]]),
        ("select approximate count(distinct book_id) from shop.book", [[3]]),
        ("select top 1 book_id from shop.book order by book_id", [[1]]),
        ("select book_id from shop.book as b qualify row_number() over (order by book_id desc) = 1", [[3]]),
        ("select max(before) from (select lag(book_id) over (order by book_id) as before from shop.book) as b", [[2]]),
        ("select greatest(max(book_id), 7) from shop.book", [[7]]),
        ("select BOOK_ID from SHOP.BOOK where \"Title\" = 'Ant'", [[2]]),
        ("select dateadd(month, 1, sold_at)::date::varchar(10) from shop.book where book_id = 2", [["2024-03-01"]]),
    ],
    ids=["LISTAGG", "APPROXIMATE", "TOP", "QUALIFY", "LAG", "GREATEST", "names are folded, quoted ones too", "DATEADD"],
)
def test_a_form_of_redshifts_own_is_understood(book, query, expected):
    assert book(query) == expected


ONLY_POSTGRESQL = [
    "insert into shop.book values (1) on conflict do nothing",
    "insert into shop.book values (1) returning book_id",
    "create table shop.other (book_id serial)",
    "create table shop.other (tags int[])",
    "create table shop.other (book_id uuid)",
    "create table shop.other (picture bytea)",
    "create table shop.other (notes jsonb)",
    "create table shop.other (notes text[])",
    "create table shop.other (pages int check (pages > 0))",
    "create index by_title on shop.book (title)",
    "create sequence shop.numbers",
    "create materialized view shop.many as select 1 as one",
    "select string_agg(title, ',') from shop.book",
    "select array_agg(title) from shop.book",
    "select array[1, 2]",
    "select distinct on (title) title from shop.book",
    "select count(*) filter (where title is null) from shop.book",
    "select * from (values (1), (2)) as numbers (number)",
    "select * from generate_series(1, 3)",
    "select 1 is distinct from 2",
    "select * from shop.book where book_id = any(array[1, 2])",
    "select gen_random_uuid()",
    "select now()",
    "select format('%s', 1)",
    "select to_jsonb(1)",
    "select title from shop.book for update",
    "select 1 as top",
    "delete from shop.book; select 1",
    "do $$ begin end $$",
    "alter table shop.book alter column title type int",
]


def test_what_only_postgresql_has_is_refused(book):
    accepted = []
    for statement in ONLY_POSTGRESQL:
        try:
            book(statement)
        except redshift_connector.ProgrammingError:
            continue
        accepted.append(statement)

    assert accepted == []
    # The control: what stands beside it is understood, and nothing was changed.
    assert book("select count(*) from shop.book") == [[3]]


def test_keys_are_recorded_and_not_enforced(run):
    run("create table shop.book (book_id int primary key, isbn13 varchar(13), unique (isbn13))")

    run("insert into shop.book values (1, 'a'), (1, 'a')")

    assert run("select count(*) from shop.book") == [[2]]
    with pytest.raises(redshift_connector.ProgrammingError, match="null value"):
        run("create table shop.other (book_id int not null)")
        run("insert into shop.other values (null)")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("create table shop.t (a varchar(10) encode az64)", "az64 is not supported for type varchar"),
        ("create table shop.t (a int encode snappy)", "encoding snappy is not supported"),
        ("create table shop.t (a int) distkey(b)", 'column "b" named in a key does not exist'),
        ("create table shop.t (a int) diststyle all distkey(a)", "may not have a DISTKEY"),
        ("create table shop.t (a int distkey, b int distkey)", "only one DISTKEY"),
        ("create table shop.t (a varchar(70000))", "must be at most 65535"),
        ("create view shop.v as select 1 as a from book with no schema binding", "should be qualified"),
    ],
    ids=["a wrong encoding", "no encoding", "no column", "two ways", "two keys", "too long", "a name without schema"],
)
def test_a_table_that_cannot_be_stored_so_is_refused(run, statement, said):
    with pytest.raises(redshift_connector.ProgrammingError, match=said):
        run(statement)


def test_a_text_is_as_long_as_its_bytes(book):
    book("insert into shop.book values (4, 'übermut')")

    with pytest.raises(redshift_connector.ProgrammingError, match="value too long"):
        book("insert into shop.book values (5, 'übermüt!')")


def test_a_temporary_table_like_another_counts_bytes_too(book):
    book("create temp table stage (like shop.book)")

    with pytest.raises(redshift_connector.ProgrammingError, match="value too long"):
        book("insert into stage values (5, 'übermüt!', null)")


@pytest.mark.parametrize("remover", ["truncate shop.book", "delete from shop.book"], ids=["TRUNCATE", "DELETE"])
def test_truncate_commits_what_is_open_and_delete_does_not(redshift, book, remover):
    writer = redshift(autocommit=False)
    writer.cursor().execute(remover)
    writer.rollback()

    assert book("select count(*) from shop.book") == [[0 if remover.startswith("truncate") else 3]]


def test_what_commits_by_itself_is_refused_in_a_transaction(redshift, book):
    writer = redshift(autocommit=False).cursor()
    writer.execute("select 1")

    with pytest.raises(redshift_connector.ProgrammingError, match="ALTER TABLE APPEND cannot run inside"):
        writer.execute("alter table shop.book append from shop.other")
