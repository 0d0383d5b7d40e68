"""Every number on every page is one that the API answers to the questions that the page cites, over random filters."""

from datetime import date, timedelta
from random import Random
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from drawn import cited, not_answered, numbers_drawn, numbers_of
from small_star import LAST_DAY

MEMBERS = {
    "country": ["Germany", "United Kingdom", "United States"],
    "channel": ["App", "Book shops", "Web shop"],
    "genre": ["Children", "Fiction", "Non-fiction"],
    "format": ["ebook", "hardcover", "trade_paperback"],
    "publisher": ["Harbour House", "Meridian Books"],
    "source": ["bookstore", "legacy_csv", "reseller_feed"],
}
DAYS = {"7d": 7, "30d": 30, "90d": 90, "365d": 365}
PAGES = {
    "the overview": ("overview", {}),
    "titles": ("titles", {}),
    "titles found": ("titles", {"search": "salt"}),
    "a book": ("titles", {"isbn": "9780000000001"}),
    "genres": ("genres", {}),
    "subgenres": ("genres", {"genre": "Fiction"}),
    "regions": ("regions", {}),
    "stores": ("regions", {"country": "United States", "region": "West Coast"}),
    "the calendar": ("calendar", {}),
    "returns": ("returns", {}),
}
FEW, MANY = range(1), range(1, 13)


def chosen_at_random(random, own):
    """What a link may say: a range, a comparison, a measure, and one filter or two."""
    choice = {
        "range": random.choice(list(DAYS)),
        "compare": random.choice(["previous_period", "52_weeks", "year", "none"]),
        "measure": random.choice(["net_revenue", "net_units", "gross_revenue", "gross_units"]),
    }
    for name in random.sample(sorted(set(MEMBERS) - set(own)), random.choice([0, 1, 1, 2])):
        choice[name] = sorted(random.sample(MEMBERS[name], random.choice([1, 1, 2])))
    return {**choice, **own}


@pytest.fixture
def asked(api_url, token):
    """What the API answers to a path, without the dashboard's own client."""
    with httpx2.Client(base_url=api_url, headers={"Authorization": f"Bearer {token}"}, trust_env=False) as client:
        yield lambda path: client.get(path).raise_for_status().json()


@pytest.mark.parametrize("seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_draws_what_the_api_answers_to_the_questions_it_cites(api_url, open_page, asked, name, seed):
    slug, own = PAGES[name]
    choice = chosen_at_random(Random(f"{name} {seed}"), own)

    page = open_page(api_url, slug, **choice)

    assert not page.exception
    if not page.get("plotly_chart"):
        assert page.info, choice
        return
    answers = [asked(path) for path in cited(page)]
    assert (
        not_answered(numbers_drawn(page), (number for answer in answers for number in numbers_of(answer["data"]))) == []
    )
    # Narrow filters may leave one book, of one week.
    assert len(list(numbers_drawn(page))) >= 3
    for path in cited(page):
        assert_asks_for(path, choice)


def assert_asks_for(path, choice):
    """The question is of the days chosen and within the filters chosen, by the rules written anew here."""
    parts = urlsplit(path)
    said = parse_qs(parts.query)
    if parts.path.endswith("/comparables/"):
        return
    first = LAST_DAY - timedelta(days=DAYS[choice["range"]] - 1)
    assert (date.fromisoformat(said["from"][0]), date.fromisoformat(said["until"][0])) == (first, LAST_DAY), path
    if "/events/" in path or "/books/" in path:
        return
    for name in MEMBERS:
        wanted = choice.get(name, said.get(name, []))
        wanted = [wanted] if isinstance(wanted, str) else wanted
        assert set(said.get(name, [])) <= set(wanted) and bool(said.get(name)) == bool(wanted), path


def test_a_number_that_no_answer_has_is_found():
    assert not_answered([("tile", 5.4, 0.5), ("cell", 0.0, 1e-9)], [5.0]) == []
    assert not_answered([("cell", 5.4, 1e-9)], [5.0, 6.0]) == [("cell", 5.4, 1e-9)]
