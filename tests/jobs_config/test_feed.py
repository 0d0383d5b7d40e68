import pytest
from pydantic import ValidationError

from jobs_config.feed import FeedConfig

TITLES = {"feed": "odd", "target": "titles", "key": ["book_id"], "columns": {"book_id": "nr", "title": "titel"}}
SALES = {
    "feed": "odd", "target": "third_party_sales", "key": ["sale_ref"], "currency": "EUR",
    "columns": {"sale_ref": "nr", "quantity": "menge"},
}  # fmt: skip


def titles(**said):
    return {**TITLES, **said}


def column(**said):
    return titles(columns={"book_id": {"header": "nr", **said}})


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (titles(delimiter='"'), "delimiter"),
        (titles(delimiter="§"), "a delimiter is one ASCII character"),
        (titles(encoding="utf-16"), "encoding"),
        (titles(decimal_mark=".", thousands_mark="."), "decimal_mark and thousands_mark are both '.'"),
        (titles(time_zone="Berlin"), "no time zone 'Berlin'"),
        (titles(key=["isbn"]), "key names isbn, which is no column of the feed"),
        (titles(key=[]), "key"),
        (titles(ignored=["nr"]), "headers 'nr' stand twice"),
        (titles(corrects="goodbooks"), "`corrects` names the feed of titles"),
        (titles(target="corrections"), "`corrects` names the feed of titles"),
        (titles(period_key="month"), "period_key month needs a date of sale"),
        (titles(overlaps=True), "`overlaps` is said of sales"),
        (titles(titles_of="goodbooks"), "one needs the other"),
        ({**SALES, "currency": ""}, "a feed of sales has a column `currency`, or says which one"),
        ({**SALES, "currency": "euro"}, "currency"),
        (column(type="text"), "type"),
        (column(type="date"), "they need it; this is date"),
        (column(formats=["YYYY-MM-DD"]), "`formats` goes with the types date and timestamp"),
        (column(type="date", formats=["YY-MM-DD"]), "it needs each of YYYY, MM and DD once"),
        (column(type="date", formats=["YYYY-MM-DD HH:mm"]), "a date has no time of day"),
        (column(type="timestamp", formats=["YYYY-MM-DD"]), "a timestamp needs HH at least"),
        (column(type="date", formats=["DD. MMM YYYY"]), "any other letter but T is not understood"),
        (column(type="date", formats=["DD/MM/YYYY", "MM/DD/YYYY"]), "one text could be read by two of them"),
        (column(zero_decimals=True), "`zero_decimals` goes with the types int and bigint"),
        (column(type="int", unit="cents"), "unit cents goes with a decimal"),
        (column(colour="blue"), "colour"),
    ],
)
def test_a_feed_that_contradicts_itself_is_refused_with_what_is_wrong(values, fault):
    with pytest.raises(ValidationError) as refused:
        FeedConfig.model_validate(values)

    assert fault in str(refused.value)


def test_every_header_and_alias_of_a_feed_is_known():
    feed = FeedConfig.model_validate(
        titles(columns={"book_id": {"header": "nr", "aliases": ["id"]}}, ignored=["preis"])
    )

    assert feed.headers == ("nr", "id", "preis")


def test_formats_that_cannot_be_mistaken_for_each_other_may_stand_together():
    said = column(type="date", formats=["DD.MM.YYYY", "YYYY-MM-DD"])

    assert FeedConfig.model_validate(said).columns["book_id"].formats == ("DD.MM.YYYY", "YYYY-MM-DD")
