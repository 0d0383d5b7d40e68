"""SQL that reads what nobody may read, or takes more than anybody may have; each works on an unguarded connection to a whole generation.

`{folder}` stands for a folder with the files of `plant`, whose content is CANARY.
"""

from pathlib import Path

import duckdb

CANARY = "canary-7f3a91"

TABLE_FUNCTIONS = {
    "read_csv": "canary.csv", "read_csv_auto": "canary.csv", "sniff_csv": "canary.csv", "read_text": "canary.csv", "read_blob": "canary.csv",
    "read_json": "canary.json", "read_json_auto": "canary.json", "read_ndjson": "canary.ndjson", "read_json_objects": "canary.json",
    "read_ndjson_objects": "canary.ndjson", "read_parquet": "canary.parquet", "parquet_scan": "canary.parquet",
    "parquet_metadata": "canary.parquet", "parquet_schema": "canary.parquet", "parquet_file_metadata": "canary.parquet",
    "parquet_kv_metadata": "canary.parquet", "glob": "canary.*",
}  # fmt: skip

# Where a table may stand.
PLACES = {
    "as it is": "select * from {table}",
    "from first": "from {table}",
    "in a CTE": "with fact_sales as (select * from {table}) select * from fact_sales",
    "in a subquery": "select * from (select * from {table}) as fact_sales",
    "in a union": "select 1 union all select count(*) from {table}",
    "in a scalar": "select (select count(*) from {table})",
    "in exists": "select count(*) from analytics.dim_date where exists (select 1 from {table})",
    "in a join": "select count(*) from analytics.dim_channel cross join {table}",
    "laterally": "select count(*) from analytics.dim_channel, lateral (select * from {table}) as found",
    "in having": "select count(*) from analytics.dim_channel having (select count(*) from {table}) >= 0",
}

FILES = {
    "a file in quotes": "select * from '{folder}/canary.csv'",
    "a file as a name": 'select * from "{folder}/canary.parquet"',
    "a file in a CTE": "with dim_book as (select * from '{folder}/canary.csv') select * from dim_book",
    "a list of files": "select * from read_csv(['{folder}/canary.csv', '{folder}/canary.csv'])",
    "a name in upper case": "select * from READ_CSV('{folder}/canary.csv')",
    "a name in quotes": "select * from \"read_csv\"('{folder}/canary.csv')",
    "a name after a comment": "select * from read_csv/* */('{folder}/canary.csv')",
    "a name after a line": "select * from read_csv -- \n ('{folder}/canary.csv')",
    "a text in dollars": "select * from read_csv($$" + "{folder}/canary.csv" + "$$)",
    "an escaped text": "select * from read_text(e'{folder}/canary\\x2ecsv')",
    "a joined text": "select * from read_text('{folder}/canary' || '.csv')",
    "another database": "attach '{folder}/other.duckdb' as other_one (read_only)",
    "a copy to a file": "copy (select 1) to '{folder}/out.csv'",
    "a copy from a query": "copy (select * from analytics.dim_customer) to '{folder}/out.parquet'",
    "an export": "export database '{folder}/out'",
    "summarize a file": "summarize select * from '{folder}/canary.csv'",
    "describe a file": "describe select * from '{folder}/canary.csv'",
    "a file through query": "select * from query('select * from read_text(''{folder}/canary.csv'')')",
    "a file through query_table": "select * from query_table('{folder}/canary.csv')",
}

SETTINGS = {
    "all settings": "select * from duckdb_settings()",
    "one setting": "select current_setting('memory_limit')",
    "set": "set memory_limit = '4GB'",
    "set global": "set global threads = 2",
    "reset": "reset memory_limit",
    "pragma with a value": "pragma memory_limit = '4GB'",
    "pragma database_list": "pragma database_list",
    "pragma show_tables": "pragma show_tables",
    "pragma table_info": "pragma table_info('analytics.dim_customer')",
    "pragma version": "pragma version",
    "pragma storage_info": "pragma storage_info('analytics.dim_customer')",
    "call": "call pragma_version()",
    "a pragma as a table": "select * from pragma_database_size()",
    "table_info as a table": "select * from pragma_table_info('analytics.dim_customer')",
    "storage_info as a table": "select * from pragma_storage_info('analytics.dim_customer')",
    "platform": "select * from pragma_platform()",
    "user agent": "select * from pragma_user_agent()",
    "load": "load parquet",
    "use": "use analytics",
    "a variable": "set variable a = 1",
    "read a variable": "select getvariable('a')",
    "a secret": "create secret (type http)",
    "secrets": "select * from duckdb_secrets()",
    "a checkpoint": "checkpoint",
    "a transaction": "begin transaction",
    "prepare": "prepare a as select 1",
    "a macro": "create temp macro peek() as table select * from analytics.dim_customer",
    "a table": "create temp table mine as select * from analytics.dim_customer",
    "a view": "create temp view mine as select * from analytics.dim_customer",
    "a function of the session": "select current_user, session_user, current_database(), current_schema()",
    "schemas": "select current_schemas(true)",
    "the version": "select version()",
    "the clock": "select now()",
    "today": "select current_date",
    "chance": "select random()",
    "a uuid": "select gen_random_uuid()",
    "the query itself": "select current_query()",
    "a lock": "select txid_current()",
    "explain": "explain select * from analytics.dim_customer",
    "explain analyze": "explain analyze select * from analytics.dim_customer",
}

CATALOGUE = {
    name: f"select * from {name}()"
    for name in (
        "duckdb_tables", "duckdb_columns", "duckdb_views", "duckdb_databases", "duckdb_schemas", "duckdb_functions", "duckdb_types",
        "duckdb_extensions", "duckdb_constraints", "duckdb_indexes", "duckdb_sequences", "duckdb_memory", "duckdb_temporary_files",
        "duckdb_variables", "duckdb_keywords", "duckdb_optimizers", "duckdb_dependencies", "duckdb_prepared_statements", "duckdb_log_contexts",
    )
} | {
    f"{name} as a view": f"select * from {name}"
    for name in (
        "duckdb_tables", "duckdb_columns", "duckdb_views", "sqlite_master", "pragma_database_list", "information_schema.tables",
        "information_schema.columns", "information_schema.schemata", "pg_catalog.pg_tables", "pg_catalog.pg_class", "pg_catalog.pg_attribute",
        "pg_catalog.pg_namespace", "pg_catalog.pg_settings",
    )
} | {
    "show tables": "show tables",
    "show all tables": "show all tables",
    "show databases": "show databases",
    "a view in a CTE of its name": "with duckdb_tables as (select * from duckdb_tables) select * from duckdb_tables",
    "a view beside a CTE of its name":
        "select * from (with duckdb_tables as (select 1 as a) select a from duckdb_tables) as x, duckdb_tables",
    "a view before a CTE of its name":
        "with a as (select * from duckdb_tables), duckdb_tables as (select 1 as b) select * from a",
}  # fmt: skip

# The people themselves.
CUSTOMERS = {
    **{f"customers {place}": text.format(table="analytics.dim_customer") for place, text in PLACES.items()},
    "customers in upper case": "select * from ANALYTICS.DIM_CUSTOMER",
    "customers in quotes": 'select * from "analytics"."dim_customer"',
    "customers in spaces": "select * from analytics . dim_customer",
    "customers in comments": "select * from analytics/**/./**/dim_customer",
    "customers by their database": "select * from {database}.analytics.dim_customer",
    "customers through query": "select * from query('select * from analytics.dim_customer')",
    "customers through query_table": "select * from query_table('analytics.dim_customer')",
    "customers through a list of tables": "select * from query_table(['analytics.dim_customer'])",
    "customers summarized": "summarize analytics.dim_customer",
    "customers described": "describe analytics.dim_customer",
    "customers as a table": "table analytics.dim_customer",
    "a customer as a whole": "select dim_customer from analytics.dim_customer",
    "customers by a pattern": "select columns('customer_.*') from analytics.dim_customer",
    "customers by a function over columns": "select columns(c -> c like 'cust%') from analytics.dim_customer",
    "customers unpivoted": "unpivot (select customer_key from analytics.dim_customer) on customer_key",
    "customers pivoted": "pivot analytics.dim_customer on segment using count(*)",
    "customers sampled": "select * from analytics.dim_customer using sample 5 rows",
    "customers beside": "select * from analytics.dim_channel positional join analytics.dim_customer",
    "customers as of": "select * from analytics.dim_channel as c asof join analytics.dim_customer as d on c.channel_key >= d.customer_key",
    "customers semi": "select * from analytics.dim_channel semi join analytics.dim_customer on true",
    "customers anti": "select * from analytics.dim_customer anti join analytics.dim_channel on false",
    "customers in a list": "select array(select customer_hash from analytics.dim_customer)",
    "customers in a list, made": "select [x for x in (select list(customer_hash) from analytics.dim_customer)]",
    "customers after a good one": "select 1; select * from analytics.dim_customer",
    "customers after a comment": "select 1 /* ; */ ; select * from analytics.dim_customer",
    "customers in a recursive CTE":
        "with recursive r as (select 1 as n union all select n + 1 from r where n < 2) select * from r, analytics.dim_customer",
    "customers in an unused CTE": "with c as (select * from analytics.dim_customer) select 1",
    "customers in a CTE of a CTE": "with c as (with d as (select * from analytics.dim_customer) select * from d) select * from c",
    "customers in a column's default": "select coalesce(null, (select min(customer_hash) from analytics.dim_customer))",
    "customers in an order": "select 1 order by (select min(customer_hash) from analytics.dim_customer)",
    "customers in a limit": "select 1 limit (select count(*) from analytics.dim_customer)",
    "customers in an offset": "select 1 offset (select count(*) from analytics.dim_customer where false)",
    "customers in a window":
        "select sum(1) over (order by (select min(customer_hash) from analytics.dim_customer)) from analytics.dim_channel",
    "customers in a filter":
        "select count(*) filter (where exists (select 1 from analytics.dim_customer)) from analytics.dim_channel",
    "customers in values": "select * from (values ((select min(customer_hash) from analytics.dim_customer))) as v(x)",
    "customers in except": "select customer_hash from analytics.dim_customer except select 'a'",
    "customers in intersect": "select customer_hash from analytics.dim_customer intersect select customer_hash from analytics.dim_customer",
    "customers by a join on them": "select count(*) from analytics.fact_sales join analytics.dim_customer using (customer_key)",
    "customers under another name": "select fact_sales.customer_hash from analytics.dim_customer as fact_sales",
}  # fmt: skip

# Columns that nobody sees, wherever a column may stand.
CLAUSES = {
    "selected": "select {column} from analytics.fact_sales",
    "by its table": "select fact_sales.{column} from analytics.fact_sales",
    "by its schema": "select analytics.fact_sales.{column} from analytics.fact_sales",
    "by an alias": "select f.{column} from analytics.fact_sales as f",
    "under another name": "select {column} as quantity from analytics.fact_sales",
    "as a star's replacement": "select * replace ({column} as quantity) from analytics.fact_sales",
    "filtered": "select count(*) from analytics.fact_sales where {column} > 0",
    "grouped": "select count(*) from analytics.fact_sales group by {column}",
    "in having": "select count(*) from analytics.fact_sales group by quantity having max({column}) > 0",
    "sorted": "select quantity from analytics.fact_sales order by {column}",
    "counted": "select count(distinct {column}) from analytics.fact_sales",
    "in a window": "select rank() over (partition by {column} order by sale_date) from analytics.fact_sales",
    "in a window's order": "select rank() over (order by {column}) from analytics.fact_sales",
    "in a named window": "select rank() over w from analytics.fact_sales window w as (order by {column})",
    "in qualify": "select quantity from analytics.fact_sales qualify row_number() over (order by {column}) = 1",
    "in a case": "select case when {column} > 0 then 1 else 0 end from analytics.fact_sales",
    "in a function": "select coalesce({column}, 0) from analytics.fact_sales",
    "in a filter": "select count(*) filter (where {column} > 0) from analytics.fact_sales",
    "in a cast": "select {column}::varchar from analytics.fact_sales",
    "in a subquery": "select * from (select {column} as a from analytics.fact_sales) as f",
    "in a correlated one": "select count(*) from analytics.fact_sales as f where exists (select 1 from analytics.dim_channel where f.{column} > 0)",
    "in a CTE": "with f as (select {column} as a from analytics.fact_sales) select a from f",
    "in a join": "select count(*) from analytics.fact_sales as a join analytics.fact_sales as b on a.{column} = b.{column} and a.sale_id = 1",
    "in using": "select count(*) from analytics.fact_sales as a join analytics.fact_sales as b using ({column}, sale_id)",
    "in a union": "select quantity from analytics.fact_sales union all select {column} from analytics.fact_sales",
    "in quotes": 'select "{column}" from analytics.fact_sales',
}
HIDDEN = ("customer_key", "order_id")

ODD = {
    "a column in upper case": "select CUSTOMER_KEY from analytics.fact_sales",
    "a row's number": "select rowid from analytics.fact_sales",
    "a row as a whole": "select fact_sales from analytics.fact_sales",
    "a row under an alias": "select f from analytics.fact_sales as f",
    "by a pattern": "select columns('.*_key') from analytics.fact_sales",
    "by a pattern in an aggregate": "select max(columns('customer.*')) from analytics.fact_sales",
    "by its place": "select #3 from analytics.fact_sales",
    "by a path": "select f.customer_key.x from (select {{'x': 1}} as customer_key, * exclude (customer_key) from analytics.fact_sales) as f",
    "as JSON": "select to_json(f) from analytics.fact_sales as f",
    "as a struct": "select struct_pack(a := order_id) from analytics.fact_sales",
    "as a map": "select map([order_id], [quantity]) from analytics.fact_sales",
    "as a list": "select list(order_id) from analytics.fact_sales",
    "as a histogram": "select histogram(customer_key) from analytics.fact_sales",
    "unnested": "select unnest(f) from analytics.fact_sales as f",
    "renamed by a star": "select * rename (order_id as quantity_2) from analytics.fact_sales",
    "by a lambda": "select list_transform([1], x -> x + order_id) from analytics.fact_sales",
    "rows made": "select * from range(10)",
    "rows made, otherwise": "select * from generate_series(1, 10)",
    "rows made of a list": "select unnest([1, 2])",
    "rows repeated": "select * from repeat_row(1, 2, num_rows = 3)",
    "a type of another kind": "select cast('a' as blob)",
    "a moment in a zone": "select cast('2024-01-01' as timestamptz)",
    "a list as a type": "select cast('[1]' as integer[])",
    "test functions": "select * from repeat('a', 3)",
}


def probes(folder: Path, database: str = "memory") -> dict[str, str]:
    """Name to SQL of every probe; `database` is what the generation is called on the connection."""
    reading = {
        f"{function} {place}": text.format(table=f"{function}('{folder}/{file}')")
        for function, file in TABLE_FUNCTIONS.items()
        for place, text in (PLACES.items() if function in ("read_csv", "read_text", "read_parquet") else [("", PLACES["as it is"])])
    }  # fmt: skip
    others = {**FILES, **SETTINGS, **CATALOGUE, **CUSTOMERS, **ODD}
    hidden = {f"{column} {clause}": text.format(column=column) for column in HIDDEN for clause, text in CLAUSES.items()}
    return {
        **reading,
        **{name: text.format(folder=folder, database=database) for name, text in others.items()},
        **hidden,
    }


def plant(folder: Path) -> None:
    """Make the files that probes read."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "canary.csv").write_text(f"name,number\n{CANARY},1\nother,2\n")
    (folder / "canary.json").write_text(f'[{{"name": "{CANARY}"}}]')
    (folder / "canary.ndjson").write_text(f'{{"name": "{CANARY}"}}\n')
    with duckdb.connect(str(folder / "other.duckdb")) as connection:
        connection.execute("create table people as select ? as name", [CANARY])
        connection.execute(f"copy people to '{folder}/canary.parquet'")


# Each would go on for minutes, or take gigabytes. The first ones are made of what may be asked.
BOMBS = {
    "a product of facts": "select sum(a.quantity * b.quantity) from fact_sales a, fact_sales b, fact_sales c, fact_sales d",
    "a product, counted": "select count(*) from fact_sales a, fact_sales b, fact_sales c where a.quantity + b.quantity > c.quantity",
    "a product, sorted":
        "select a.sold_at, b.sold_at, c.sold_at from fact_sales a, fact_sales b, fact_sales c order by 1, 2, 3",
    "a product, grouped":
        "select a.sold_at, b.sold_at, c.quantity, count(*) from fact_sales a, fact_sales b, fact_sales c group by 1, 2, 3",
    "a product, put into one text":
        "select string_agg(concat(a.title, b.title, c.title, d.title, e.title), '') from "
        "dim_book a, dim_book b, dim_book c, dim_book d, dim_book e, fact_sales",
    "a product, ranked": "select rank() over (order by a.sold_at, b.net_amount, c.net_amount) from fact_sales a, fact_sales b, dim_book c",
    "a median of a product": "select median(a.net_amount * b.net_amount * c.day_of_week) from fact_sales a, fact_sales b, dim_date c, dim_date d",
    "a distinct product": "select count(distinct concat(a.sold_at, b.sold_at, c.isbn13)) from fact_sales a, fact_sales b, dim_book c",
    "a long text": "select repeat('x', 2000000000)",
    "a longer text": "select length(repeat(repeat('x', 100000), 100000))",
    "many numbers": "select count(*) from range(1000000000000)",
    "many numbers, kept": "select list(i) from range(1000000000) as t(i)",
    "many numbers, sorted": "select i from range(1000000000) as t(i) order by hash(i)",
    "numbers by numbers": "select sum(hash(a.i + b.i)) from range(1000000) as a(i), range(1000000) as b(i)",
    "a count without end": "with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r",
    "a growing text": "with recursive r as (select 'x' as t union all select t || t from r) select max(length(t)) from r",
    "a pattern": "select count(*) from range(100000000) as t(i) where regexp_matches(repeat(i::varchar, 100), '(a*)*b')",
    "a wide answer": "select repeat('x', 100000) from range(1000000)",
    "a tree of doubling": "with a as (select i from range(100000) as t(i)) select count(*) from a, a as b, a as c",
    "a text of all": "select string_agg(repeat('x', 1000000), '') from range(1000000)",
}  # fmt: skip
