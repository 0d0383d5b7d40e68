"""Files of feeds through bronze into silver, in one small lake for each test."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from frames import table
from small_shop import run_options

from jobs_config.feed import FeedConfig
from jobs_config.loader import load_feed
from jobs_config.progress import Progress
from spark_jobs.control.results import FileResult
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.delta_log import Note
from spark_jobs.erase_files import ErasedPeople, customers_of_files, erase_from_files, quarantined_without
from spark_jobs.errors import ApprovalError
from spark_jobs.extract.csv_batches import decrypted
from spark_jobs.extract.csv_feed import Delivery, Secrets, deliver
from spark_jobs.extract.erased import digest_of_id
from spark_jobs.feed_merge import Compared, Imported, check_files, compare_feed, merge_feed
from spark_jobs.import_csv import Asked, plan_import, sort_files
from spark_jobs.meaning import meaning_of
from spark_jobs.quarantine import QUARANTINE
from spark_jobs.runner import Run
from spark_jobs.tables import Lake

KEY = bytes(32)
TITLES = FeedConfig(
    feed="list", target="titles", key=("book_id",),
    columns={
        "book_id": {"header": "id", "type": "bigint", "required": True}, "isbn13": "isbn", "title": "title", "author_names": "by",
        "published_year": {"header": "year", "type": "int"},
    },
)  # fmt: skip
HEADER = "id,isbn,title,by,year\n"
EMMA, DUNE = "9780306406157", "9780804429573"


@dataclass
class Shop:
    """A lake that files are imported into, one run after the other."""

    lake: Lake
    ledger: RunLedger
    folder: Path
    secrets: Secrets = field(default_factory=lambda: Secrets(KEY))
    runs: int = 0

    def deliver(self, feed: FeedConfig, **files: bytes) -> tuple[Run, Delivery]:
        self.runs += 1
        paths = []
        for name, content in files.items():
            paths.append(self.folder / f"{name}.csv")
            paths[-1].write_bytes(content)
        delivery = deliver(self.lake, feed, paths, self.runs, self.secrets)
        of_feed = {
            name: getattr(feed, name) for name in ("feed", "key", "titles_of", "currency", "overlaps", "corrects")
        }
        parameters = {**of_feed, "shop": "bookstore", "time_zone": "UTC", "run_seq": self.runs}
        return Run(self.runs, self.lake, self.ledger, feed.feed, parameters, builds_all=False), delivery

    def load(
        self, feed: FeedConfig, replaces: str = "", replays: Sequence[str] = (), **files: bytes
    ) -> tuple[Compared, Delivery]:
        run, delivery = self.deliver(feed, **files)
        imported = Imported(feed, delivery.files, replaces, replays=replays)
        compared = merge_feed(run, imported)
        check_files(run, imported, compared)
        return compared, delivery

    def rows(self, name: str, *columns: str) -> list[tuple[object, ...]]:
        return sorted(tuple(row) for row in self.lake.read(name).select(*columns).collect())


@pytest.fixture
def shop(spark, tmp_path):
    """Two books and two stores of the shop, and no sale."""
    lake = Lake(spark, str(tmp_path / "lake"))
    books = [
        {"source": "bookstore", "book_id": 11, "isbn13": EMMA, "title": "Emma"},
        {"source": "bookstore", "book_id": 12, "isbn13": DUNE, "title": "Dune"},
    ]
    stores = [
        {"source": "bookstore", "store_id": 5, "code": "US-WEB"},
        {"source": "bookstore", "store_id": 6, "code": "NY-0002"},
    ]
    lake.replace(table(spark, "silver.books", *books), "silver.books", Note(0))
    lake.replace(table(spark, "silver.stores", *stores), "silver.stores", Note(0))
    return Shop(lake, RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}"), tmp_path)


def titles(*lines: str) -> bytes:
    return (HEADER + "".join(f"{line}\n" for line in lines)).encode()


def test_every_record_is_a_row_or_aside_with_its_place_its_text_and_every_reason(shop):
    content = titles(f"1,{EMMA},Emma,Jane,1815", "x,123,,Ann,nineteen", "", "3,,Dune", f"4,{DUNE},Dune,Frank,")

    compared, delivery = shop.load(TITLES, may=content)

    (file,) = delivery.files
    assert (file.physical, file.blank, file.records, file.unreadable) == (6, 1, 4, 2)
    assert (compared.inserted, compared.kept, compared.aside) == (2, 2, {file.sha256: 2})
    assert shop.rows("silver.titles", "book_id", "isbn13", "title", "published_year", "record_number") == [
        (1, EMMA, "Emma", 1815, 1),
        (4, DUNE, "Dune", None, 5),
    ]
    aside = shop.lake.read(QUARANTINE).orderBy("record_number").collect()
    assert [row["reasons"] for row in aside] == [
        [
            "book_id: not a whole number",
            "published_year: not a whole number",
            "isbn13: digits are lost and there is no isbn10 to derive it from",
            "title: required",
        ],
        ["record: 3 fields where the header has 5"],
    ]
    for row in aside:
        assert row["file_sha256"] == file.sha256
        raw = decrypted(bytes.fromhex(row["raw"]), KEY)
        assert raw == content[row["byte_start"] : row["byte_end"]]


def test_a_file_that_is_not_the_feeds_holds_up_no_other_and_is_named(shop):
    _, delivery = shop.deliver(TITLES, wrong=b"name,price\n", empty=b"", good=titles(f"1,{EMMA},Emma,Jane,"))

    assert [file.path.name for file in delivery.files] == ["good.csv"]
    assert {path.name: reason.partition(": ")[2][:24] for path, reason in delivery.refused.items()} == {
        "wrong.csv": "the header is not that o",
        "empty.csv": "no header (the file is e",
    }


@pytest.mark.slow
def test_of_one_key_the_first_record_of_a_file_and_the_last_file_stand(shop):
    earlier = titles(f"1,{EMMA},Emma,Jane,1800", f"1,{EMMA},Emma again,Jane,1801", f"2,{DUNE},Dune,Frank,")
    later = titles(f"1,{EMMA},Emma at last,Jane,1815")

    compared, _ = shop.load(TITLES, a=earlier, b=later)

    assert shop.rows("silver.titles", "book_id", "title") == [(1, "Emma at last"), (2, "Dune")]
    assert (sum(compared.superseded.values()), compared.aside) == (2, {})

    compared, _ = shop.load(TITLES, c=titles(f"2,{DUNE},Dune,Frank,1965", f"2,{DUNE},Other,Frank,1965"))

    assert compared.reasons == {"book_id: an earlier record of the file has this key": 1}
    assert shop.rows("silver.titles", "book_id", "published_year") == [(1, 1815), (2, 1965)]


def test_a_correction_replaces_its_file_and_a_key_that_it_lacks_goes_but_not_one_that_is_aside(shop):
    lines = (f"1,{EMMA},Emma,Jane,", f"2,{DUNE},Dune,Frank,", f"3,{EMMA},Persuasion,Jane,", "4,oh,no,one,")
    _, first = shop.load(TITLES, may=titles(*lines))

    compared, _ = shop.load(
        TITLES, first.files[0].sha256, june=titles(f"1,{EMMA},Emma,Jane Austen,", f"2,{DUNE},Dune,Frank,19x")
    )

    assert (compared.gone, compared.gone_keys) == (1, ["3"])
    # Title 2 is aside now, so it keeps what it had.
    assert shop.rows("silver.titles", "book_id", "author_names") == [(1, ["Jane Austen"]), (2, ["Frank"])]
    assert shop.rows(QUARANTINE, "record_number", "reasons") == [(2, ["published_year: not a whole number"])]


@pytest.mark.slow
def test_a_correction_that_lacks_too_much_waits_for_a_word(shop):
    _, first = shop.load(TITLES, may=titles(*(f"{number},{EMMA},Emma {number},Jane," for number in range(40))))
    run, delivery = shop.deliver(TITLES, june=titles(f"1,{EMMA},Emma,Jane,"))

    with pytest.raises(ApprovalError, match="feed list: 39 of the 40 rows that these files replace are not in them"):
        compare_feed(run, Imported(TITLES, delivery.files, first.files[0].sha256))

    assert compare_feed(run, Imported(TITLES, delivery.files, first.files[0].sha256, approves_deletes=True)).gone == 39


@pytest.mark.slow
def test_corrections_change_what_they_give_and_only_titles_that_are_there(shop):
    shop.load(TITLES, may=titles(f"1,{EMMA},Ema,Jane,1815", f"2,{DUNE},Dune,Frank,1965"))
    feed = load_feed("publisher_corrections").model_copy(update={"corrects": "list"})
    content = "TitelNr;Titel;Erscheinungsjahr;Sprache\n1;Emma;;deutsch\n9;Neu;;\n2;;1966;klingonisch\n"

    compared, _ = shop.load(feed, june=content.encode("windows-1252"))

    assert shop.rows("silver.titles", "source", "book_id", "title", "published_year", "language") == [
        ("list", 1, "Emma", 1815, "ger"),
        ("list", 2, "Dune", 1965, None),
    ]
    assert compared.reasons == {
        "record: feed list has no such title": 1,
        "language: none of deutsch, englisch, französisch": 1,
    }


SALE = "RECEIPT|LINE|TYPE|EAN|STORE|CUSTOMER|TIME|QTY|PRICE|DISCOUNT|TAX\n"
SALES_COLUMNS = (
    "kind", "book_id", "store_id", "customer_id", "quantity", "unit_price", "discount_amount", "currency", "member_source",
    "in_default_totals",
)  # fmt: skip


def test_historical_sales_point_to_the_shops_books_and_stores_and_returns_count_down(shop):
    feed = load_feed("till_archive")
    lines = [
        f"A1|1|S|{EMMA}|US-WEB|77|20200105 173000|2|1999|100|",
        "A1|2|R|0-8044-2957-X|NY-0002|NULL|2020-01-05 17:30:00|1|500||",
        f"A2|1|S|{EMMA}|XX-0009||20200105 173000|1|1999||",
        "A3|1|S|9798600000001|US-WEB||20200105 173000|1|1999||",
        "A4|1|S|9780306406158|US-WEB||20200105 173000|1|1999||",
    ]

    compared, _ = shop.load(feed, night=(SALE + "".join(f"{line}\n" for line in lines)).encode())

    assert shop.rows("silver.sales", *SALES_COLUMNS) == [
        ("return", 12, 6, None, -1, Decimal("5.00"), Decimal("0.00"), "USD", "bookstore", True),
        ("sale", 11, 5, 77, 2, Decimal("19.99"), Decimal("1.00"), "USD", "bookstore", True),
    ]
    assert [str(row[0]) for row in shop.rows("silver.sales", "sold_at")] == ["2020-01-05 22:30:00"] * 2
    assert compared.reasons == {
        "store_id: no store of the shop has this store_code": 1,
        "book_id: no book of the shop has this isbn": 1,
        "book_id: the check digit of isbn is wrong": 1,
    }


REPORT = "Zeile;Artikelnummer;Filiale;Datum;Menge;Einzelpreis;Rabatt;Betrag;Währung\n"


def test_a_months_report_replaces_the_month_stays_out_of_totals_and_adds_up(shop):
    shop.load(TITLES, may=titles(f"1,{EMMA},Emma,Jane,", f"2,{DUNE},Dune,Frank,"))
    words = load_feed("reseller_monthly").columns["store_code"].model_copy(update={"values": {"Onlineshop": "US-WEB"}})
    feed = load_feed("reseller_monthly")
    feed = feed.model_copy(update={"titles_of": "list", "columns": {**feed.columns, "store_code": words}})
    march = [
        "1;1;Onlineshop;03.03.2024;2;1.009,50;0,50;2.018,50;EUR",
        "2;2;Onlineshop;31.03.2024;-1;5,00;;;EUR",
        "9;1;Onlineshop;30.03.2024;x;1,00;;;EUR",
    ]
    april = ["3;1;Onlineshop;01.04.2024;1;9,99;;9,99;EUR"]

    shop.load(feed, march=(REPORT + "\n".join(march)).encode(), april=(REPORT + "\n".join(april)).encode())
    compared, _ = shop.load(feed, again=(REPORT + "4;1;Onlineshop;05.03.2024;1;9,99;;9,98;EUR\n" + march[0]).encode())

    assert (compared.gone, compared.gone_keys) == (1, ["2"])
    assert compared.reasons == {"amount: is not quantity × unit_price − discount_amount": 1}
    # What was aside of the month before has gone with its report.
    assert shop.rows(QUARANTINE, "run_seq", "record_number") == [(3, 1)]
    assert shop.rows("silver.sales", "sale_id", "sale_date", "book_id", "in_default_totals", "unit_price") == [
        (1, date(2024, 3, 3), 11, False, Decimal("1009.50")),
        (3, date(2024, 4, 1), 11, False, Decimal("9.99")),
    ]


@pytest.mark.slow
def test_of_people_who_were_erased_neither_their_number_nor_their_text_comes_in(shop):
    shop.secrets = Secrets(KEY, KEY, frozenset({digest_of_id(77, KEY)}))
    lines = [
        f"A1|1|S|{EMMA}|US-WEB|77|20200105 173000|2|1999|100|",
        f"A2|1|S|{EMMA}|US-WEB|78|20200105 173000|2|1999|100|",
        f"A3|1|S|{EMMA}|US-WEB|77|20200105 173000|none|1999|100|",
        "A4|77",
    ]

    shop.load(load_feed("till_archive"), night=(SALE + "".join(f"{line}\n" for line in lines)).encode())

    assert shop.rows("silver.sales", "customer_id") == [(-1,), (78,)]
    delivered = (
        shop.lake.spark.read.parquet(f"{shop.lake.root}/bronze/till_archive/run=00000001/records")
        .orderBy("record_number")
        .collect()
    )
    assert [row["_raw"] is None for row in delivered] == [True, False, True, True]
    assert {row["raw"] for row in shop.lake.read(QUARANTINE).collect()} == {""}


@pytest.mark.slow
def test_erasing_a_person_takes_number_and_text_from_deliveries_and_quarantine(shop, spark):
    lines = [
        f"A1|1|S|{EMMA}|US-WEB|77|20200105 173000|2|1999|100|",
        f"A2|1|S|{EMMA}|US-WEB|78|20200105 173000|2|1999|100|",
        "A4|77",
        "A5|78",
    ]
    shop.load(load_feed("till_archive"), night=(SALE + "".join(f"{line}\n" for line in lines)).encode())
    run, people = (
        Run(9, shop.lake, shop.ledger, "bookstore", {}),
        ErasedPeople(frozenset({digest_of_id(77, KEY)}), KEY, KEY),
    )

    count = erase_from_files(run, spark.createDataFrame([(77,)], "_erased bigint"), people)
    aside = quarantined_without(run, people).collect()

    ((table, folder),) = shop.lake.bronze.folders_of_files()
    records = shop.lake.bronze.read_folder_of_files(table, folder).orderBy("record_number").collect()
    assert count == 2
    assert [row["customer_id"] for row in records] == [-1, 78, None, None]
    assert [row["_raw"] is None for row in records] == [True, False, True, False]
    assert [(row["record_number"], row["raw"]) for row in aside] == [(3, "")]
    assert {row[0] for customers in customers_of_files(run) for row in customers.collect()} == {-1, 78, None}
    # The control: without the key nobody can tell, so every text that could not be read goes.
    blind = ErasedPeople(people.digests, KEY, None)
    assert quarantined_without(run, blind).count() == 2


def test_a_replay_loads_what_was_repaired_takes_it_out_of_the_quarantine_and_takes_nothing_away(shop):
    # Its files stand for all of the feed, and a replay holds two records of it.
    feed = TITLES.model_copy(update={"period_key": "all"})
    shop.load(feed, may=titles(f"1,{EMMA},Emma,Jane,1815", f"2,{DUNE},Dune,Frank,19x", f"3,{DUNE},Dune 2,Frank,19y"))
    keys = [row[0] for row in shop.rows(QUARANTINE, "row_key")]

    compared, _ = shop.load(
        feed, replays=keys, repaired=titles(f"2,{DUNE},Dune,Frank,1965", f"3,{DUNE},Dune 2,Frank,?")
    )

    assert (compared.inserted, compared.gone) == (1, 0)
    assert shop.rows("silver.titles", "book_id", "published_year") == [(1, 1815), (2, 1965)]
    assert [row for row in shop.rows(QUARANTINE, "row_key") if row[0] in keys] == []
    assert shop.rows(QUARANTINE, "record_number", "reasons") == [(2, ["published_year: not a whole number"])]


def test_a_dry_run_says_what_would_come_change_and_go_and_leaves_nothing(shop, spark, tmp_path):
    _, first = shop.load(TITLES, may=titles(f"1,{EMMA},Emma,Jane,", f"2,{DUNE},Dune,Frank,"))
    options = replace(run_options(tmp_path, None), lake=shop.lake.root)
    number = shop.ledger.start("reload", "bookstore", above=shop.runs)
    shop.ledger.snapshot_taken(number, datetime(2024, 5, 1, tzinfo=UTC), meaning_of(options))
    shop.ledger.finish(number, "published")
    shop.ledger.record_files(1, "list", [FileResult(first.files[0].sha256, "may.csv", 3, 0, 2, 2, 0, 0)])
    june = tmp_path / "june.csv"
    june.write_bytes(titles(f"1,{EMMA},Emma,Jane Austen,", f"7,{EMMA},Sanditon,Jane,x", f"8,{EMMA},Lady Susan,Jane,"))
    asked = Asked(TITLES, [june], replaces="may.csv")

    plan = plan_import(
        spark, options, asked, sort_files([june], shop.ledger), KEY, shop.ledger, Progress(terminal=False)
    )

    assert {name: plan[name] for name in ("new", "changed", "deleted", "deleted_keys", "refused")} == {
        "new": 1, "changed": 1, "deleted": 1, "deleted_keys": ["2"], "refused": [],
    }  # fmt: skip
    assert plan["reasons"] == {"published_year: not a whole number": 1}
    assert [(file["records"], file["accepted"], file["quarantined"]) for file in plan["files"]] == [(3, 2, 1)]
    assert shop.rows("silver.titles", "book_id") == [(1,), (2,)]
    assert not shop.lake.exists(QUARANTINE)
    assert [folder for _, folder in shop.lake.bronze.folders_of_files()] == ["run=00000001"]
