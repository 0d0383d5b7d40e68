import gzip
import json

import pytest
import yaml

from booksales.feed_draft import draft
from jobs_config.feed import FeedConfig
from spark_jobs.errors import ExtractionError


@pytest.fixture
def drafted(tmp_path):
    """Drafts from a file with this content; gives the YAML's values and its lines."""

    def made(content: bytes):
        path = tmp_path / "report.csv"
        path.write_bytes(content)
        text = draft(path)
        return yaml.safe_load(text), {line.split(":")[0].strip(): line for line in text.splitlines()}

    return made


def column(values, header):
    return next(column for column in values["columns"].values() if column["header"] == header)


GERMAN = (
    "Nr;Titel;Preis;Verkauft;Menge;Art;PLZ;Leer\n"
    + "".join(f'{n};"Emma; Teil {n}";1.{n}00,50;{n + 10}.03.2024;{n};{"SR"[n % 2]};0{n}115;\n' for n in range(1, 9))
).encode("windows-1252")


def test_a_draft_finds_how_a_file_is_written_and_what_its_columns_may_be(drafted):
    values, lines = drafted(GERMAN)

    assert {name: values[name] for name in ("encoding", "delimiter", "decimal_mark", "thousands_mark")} == {
        "encoding": "utf-8", "delimiter": ";", "decimal_mark": ",", "thousands_mark": ".",
    }  # fmt: skip
    assert column(values, "Nr") == {"header": "Nr", "type": "int"}
    assert column(values, "Titel") == {"header": "Titel"}
    assert column(values, "Preis") == {"header": "Preis", "type": "decimal(12,2)"}
    assert column(values, "Verkauft") == {"header": "Verkauft", "type": "date", "formats": ["DD.MM.YYYY"]}
    assert "an identifier, and no number" in lines["column_7"]
    assert "? one of R, S" in lines["column_6"]
    assert "? empty in the whole sample" in lines["column_8"]


def test_a_draft_is_a_feed_once_a_person_has_named_its_columns(drafted):
    values, _ = drafted(GERMAN)

    values |= {"columns": {"book_id": column(values, "Nr") | {"required": True}}, "key": ["book_id"]}

    assert FeedConfig.model_validate(values).delimiter == ";"


def test_what_could_be_read_in_two_ways_is_left_to_a_person(drafted):
    values, lines = drafted(b"id,day,name\n1,03/04/2024,a\n2,05/06/2024,b\n")

    assert column(values, "day")["type"] == "date"
    assert "? could be MM/DD/YYYY too" in lines["column_2"]

    values, lines = drafted(b"id,day,name\n1,13/04/2024,a\n2,05/06/2024,b\n")

    assert column(values, "day")["formats"] == ["DD/MM/YYYY"]
    assert "?" not in lines["column_2"]


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        ("id,name\n1,Émile\n".encode(), "utf-8", ","),
        ("id,name\n1,Émile\n".encode("windows-1252"), "windows-1252", ","),
        ("\ufeffid\tname\n1\tEmma, again\n".encode(), "utf-8", "\t"),
        (b"id|name\n1|Emma\n", "utf-8", "|"),
        (gzip.compress(b"id;name\n1;Emma\n"), "utf-8", ";"),
    ],
    ids=["UTF-8", "Windows", "a byte order mark and tabs", "pipes", "compressed"],
)
def test_encoding_and_delimiter_are_those_that_fit(drafted, content, encoding, delimiter):
    values, _ = drafted(content)

    assert (values["encoding"], values["delimiter"]) == (encoding, delimiter)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", "the file is empty"),
        (b"\x00\x01\x02\x81", "is no text in utf-8 or windows-1252"),
        (b"only one column\nno delimiter\n", "no delimiter of"),
    ],
    ids=["empty", "binary", "one column"],
)
def test_what_is_no_csv_gives_no_draft(drafted, content, fault):
    with pytest.raises(ExtractionError, match=fault):
        drafted(content)


def test_the_verb_prints_a_draft_or_what_keeps_a_feed_from_its_target(booksales, home, tmp_path):
    (tmp_path / "report.csv").write_bytes(GERMAN)
    (tmp_path / "mine.yaml").write_text(
        "feed: mine\ntarget: third_party_sales\ncurrency: EUR\nkey: [sale_ref]\n"
        "columns: {sale_ref: Nr, quantity: {header: Menge, type: 'decimal(12,2)', required: true}, colour: Farbe}\n"
    )

    told = booksales("feeds", "draft", str(tmp_path / "report.csv"))
    checked = booksales("feeds", "check", str(tmp_path / "mine.yaml"), "--json")
    without = booksales("feeds", "draft")

    assert (told.code, yaml.safe_load(told.out)["delimiter"]) == (0, ";")
    assert checked.code == 2
    (faults,) = json.loads(checked.out).values()
    assert [fault.partition(";")[0].partition(": target")[0] for fault in faults] == [
        "columns.colour",
        "columns.quantity: is decimal(12,2)",
        "columns",
        "columns",
        "columns",
        "columns",
        "key: sale_ref may be empty",
    ]
    assert without.code == 2
    assert "draft takes one file" in without.err
    # Neither needs an installation.
    assert not home.exists()
