"""Readers have tastes, which a recommendation can learn: books that sell together, and customers who come back for a genre."""

from datetime import date

import numpy as np
import pytest

from datagen.carried import CarriedInMemory
from datagen.people import BUYERS_OF_SEGMENT, PEOPLE
from datagen.plan import ShopPlan
from datagen.sales import make_sales
from datagen.world import make_world, plan_sales

PLAN = ShopPlan(sales=200_000, years=1, until=date(2025, 6, 30))


@pytest.fixture(scope="module")
def world():
    return make_world(PLAN)


@pytest.fixture(scope="module")
def lines(world):
    """The sale lines of people, in order of their orders."""
    rows = make_sales(plan_sales(world), 0, CarriedInMemory())
    segment = world.customers.segment[rows["customer"] - 1]
    of_people = (rows["quantity"] > 0) & (rows["customer"] > 0) & (BUYERS_OF_SEGMENT[segment] == PEOPLE)
    return {name: values[of_people] for name, values in rows.items()}


def chance_and_share(kind_of_line, order):
    """How often two lines are of one kind by chance, and how often two neighbours in an order are."""
    shares = np.bincount(kind_of_line) / len(kind_of_line)
    together = np.flatnonzero(np.diff(order) == 0)
    return (shares**2).sum(), (kind_of_line[together] == kind_of_line[together + 1]).mean()


def test_books_of_one_genre_sell_together(world, lines):
    by_chance, together = chance_and_share(world.books.genre[lines["book"] - 1], lines["order"])

    assert together > 2 * by_chance


def test_books_of_one_author_sell_together(world, lines):
    author = world.authorship.authors[world.books.work[lines["book"] - 1], 0]
    by_chance, together = chance_and_share(author, lines["order"])

    assert together > 1.8 * by_chance


def test_an_order_seldom_holds_a_book_twice(lines):
    pairs = lines["order"] * 10**6 + lines["book"]

    assert len(np.unique(pairs)) > 0.99 * len(pairs)


def test_customers_come_back_for_the_genre_they_like(world, lines):
    genre = world.books.genre[lines["book"] - 1]
    is_liked = genre == world.customers.taste[lines["customer"] - 1]
    liked_by_chance = (np.bincount(genre) / len(genre)) ** 2

    assert is_liked.mean() > 0.5
    assert is_liked.mean() > 3 * liked_by_chance.sum()


def test_an_author_writes_in_one_genre_and_a_series_has_one_first_author(world):
    first, genre, series = world.authorship.authors[:, 0], world.works.genre, world.works.series
    in_series = np.flatnonzero(series >= 0)

    assert len(np.unique(first * 100 + genre)) == len(np.unique(first))
    assert len(np.unique(series[in_series] * 10**6 + first[in_series])) == len(np.unique(series[in_series]))
