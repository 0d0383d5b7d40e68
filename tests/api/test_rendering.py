"""CSV, XLSX and Arrow: what is in them, what they are about, and that no cell is a formula."""

import csv
import io
import random
import zipfile
from decimal import Decimal
from xml.etree import ElementTree

import orjson
import pyarrow as pa
import pytest

from api.rendering import ARROW, CSV, JSON, TYPES, XLSX, harmless, render_table
from jobs_config.spreadsheets import FORMULA_STARTS

REGIONS = "/api/analytics/sales-by-region/"
ABOUT = {"from": "2024-01-01", "until": "2024-01-31", "publication": 1}
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def exported(api, media, path=REGIONS, **parameters):
    answer = api.get(path, params={"days": 30, **parameters}, headers={"Accept": media})
    assert answer.status_code == 200, answer.text
    return answer


def csv_rows(content: bytes):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def sheets(content: bytes):
    """Name to rows of every sheet, as text; and how many cells are formulas."""
    book = zipfile.ZipFile(io.BytesIO(content))
    texts = ["".join(one.itertext()) for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]
    found, formulas = [], 0
    for number in (1, 2):
        root = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
        formulas += len(list(root.iter(f"{CELL}f")))
        found.append([[_text(cell, texts) for cell in row] for row in root.iter(f"{CELL}row")])
    return found, formulas


def _text(cell, texts):
    value = cell.findtext(f"{CELL}v")
    return texts[int(value)] if cell.get("t") == "s" else value


def test_a_csv_has_every_row_the_rest_and_the_total_with_what_they_are_about(api):
    answer = exported(api, CSV, limit=2, channel="App")
    body = api.get(REGIONS, params={"days": 30, "limit": 2, "channel": "App"}).json()

    rows = csv_rows(answer.content)
    assert [row["line"] for row in rows] == [*["row"] * len(body["data"]["rows"]), "other", "total"]
    assert [Decimal(row["net_revenue"]) for row in rows[:-2]] == [
        Decimal(str(row["net_revenue"])) for row in body["data"]["rows"]
    ]
    assert {row["meta_filters"] for row in rows} == {"channel: App"}
    assert {row["meta_data_through"] for row in rows} == {"2025-03-20"}
    assert answer.headers["content-disposition"] == 'attachment; filename="sales-by-region_2025-02-19_2025-03-20.csv"'
    assert answer.headers["X-Data-Version"] == "1"


def test_an_xlsx_has_the_rows_on_one_sheet_and_what_they_are_about_on_the_other(api):
    (data, about), formulas = sheets(exported(api, XLSX, channel="App").content)

    assert data[0][:3] == ["line", "rank", "region"]
    assert len(data) > 2
    assert ["filters", "channel: App"] in about
    assert ["data_through", "2025-03-20"] in about
    assert formulas == 0


def test_arrow_keeps_types_and_money_exact(api):
    table = pa.ipc.open_stream(exported(api, ARROW).content).read_all()

    assert pa.types.is_decimal(table.schema.field("net_revenue").type)
    assert pa.types.is_integer(table.schema.field("net_units").type)
    assert orjson.loads(table.schema.metadata[b"about"])["publication"] == 1


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/analytics/summary/?comparison=year", "summary"),
        ("/api/analytics/timeseries/?interval=week&comparison=52_weeks", "timeseries"),
        ("/api/analytics/top-books/?comparison=previous_period", "top-books"),
        ("/api/analytics/genres/Fiction/Crime/", "genres"),
        ("/api/analytics/books/9780000000006/", "book_9780000000006"),
        ("/api/analytics/summary/?from=1999-01-01&until=1999-01-02", "summary"),
        ("/api/analytics/top-books/?from=1999-01-01&until=1999-01-02", "top-books"),
    ],
)
@pytest.mark.parametrize("media", [CSV, XLSX, ARROW])
def test_every_answer_can_be_had_as_a_table(api, path, name, media):
    answer = api.get(path, headers={"Accept": media})

    assert answer.status_code == 200
    assert f'filename="{name}_' in answer.headers["content-disposition"]
    if media == CSV:
        assert len(csv_rows(answer.content)) > 0


def test_a_title_that_looks_like_markup_stays_as_it_is(api):
    titles = {row["title"] for row in csv_rows(exported(api, CSV, "/api/analytics/top-books/", limit=100).content)}

    assert "Cats & <b>Dogs</b>: *a* $5 [story]_" in titles


def hostile_values(count):
    """Text as an attacker names a book, and honest text and numbers between them."""
    luck = random.Random(7)
    letters = "=+-@\t\r\n\0＝＋－＠|;,\"' ab1é漢"
    for _ in range(count):
        yield "".join(luck.choice(letters) for _ in range(luck.randint(0, 6)))


def test_ten_thousand_values_begin_no_formula_and_numbers_come_back_exactly():
    luck = random.Random(8)
    values = list(hostile_values(10_000))
    numbers = [Decimal(luck.randint(-(10**9), 10**9)) / 100 for _ in values]
    rows = [{"=name": text, "amount": number} for text, number in zip(values, numbers, strict=True)]

    lines = list(csv.reader(io.StringIO(render_table(CSV, "t", rows, ABOUT).body.decode("utf-8-sig"), newline="")))

    assert lines[0][:2] == ["'=name", "amount"]
    assert [line[0] for line in lines[1:] if line[0].startswith(FORMULA_STARTS)] == []
    assert [
        line[0].removeprefix("'") if text.startswith(FORMULA_STARTS) else line[0]
        for line, text in zip(lines[1:], values, strict=True)
    ] == values
    assert [Decimal(line[1]) for line in lines[1:]] == numbers


def test_hostile_text_in_a_spreadsheet_is_text():
    rows = [{"name": value} for value in ('=HYPERLINK("http://x")', "+1", "@SUM(A1)", "http://x", "12")]

    (data, _), formulas = sheets(render_table(XLSX, "t", rows, ABOUT).body)

    assert [row[0] for row in data[1:]] == [row["name"] for row in rows]
    assert formulas == 0


def test_only_text_is_touched():
    assert [harmless(value) for value in (-1, -1.5, Decimal("-2"), None, True, "a=b", "")] == [
        -1, -1.5, Decimal("-2"), None, True, "a=b", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", CSV),
        ("text/csv;q=0.5, application/json;q=0.4", CSV),
        ("application/json, text/csv", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (f"{ARROW};q=1, */*;q=0.1", ARROW),
        ("application/json;q=0, */*", CSV),
        ("TEXT/CSV", CSV),
    ],
)
def test_the_type_that_is_wanted_most_is_answered(api, accept, media):
    assert exported(api, accept).headers["content-type"].startswith(media)


@pytest.mark.parametrize("accept", ["text/html", "image/*", "application/json;q=0", "text/csv;q=much", "x"])
def test_a_type_there_is_not_is_refused_with_those_there_are(api, accept):
    answer = api.get(REGIONS, headers={"Accept": accept})

    assert answer.status_code == 406
    assert all(name in answer.json()["detail"] for name in TYPES)
