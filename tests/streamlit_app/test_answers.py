"""What is asked is asked once per view and publication, and never mixed."""

import pytest

from api.client import ApiError
from streamlit_app import answers
from streamlit_app.questions import question


class Api:
    """An API that notes what it is asked."""

    def __init__(self):
        self.asked = []

    def answer(self, name, parameters, publication):
        self.asked.append((name, parameters, publication))
        if publication == 404:
            raise ApiError("gone", "publication-gone", 410)
        return {"data": len(self.asked)}


@pytest.fixture(autouse=True)
def nothing_kept():
    answers.kept.clear()
    yield
    answers.kept.clear()


BOOKS = question("Books", "top-books", limit=3, genre=("A", "B"), comparison="")


def test_a_question_is_a_path_without_what_is_empty():
    assert BOOKS.path == "/api/analytics/top-books/?limit=3&genre=A&genre=B"


def test_the_same_question_is_asked_once_for_all_of_one_view():
    first, second = Api(), Api()

    answers.ask(first, "http://api", "viewers", 1, [BOOKS])
    found = answers.ask(second, "http://api", "viewers", 1, [BOOKS])

    assert found[BOOKS] == {"data": 1}
    assert first.asked == [("top-books", {"limit": "3", "genre": ("A", "B")}, 1)]
    assert second.asked == []


@pytest.mark.parametrize(
    "other", [("http://api", "Londoners", 1), ("http://api", "viewers", 2), ("http://b", "viewers", 1)]
)
def test_another_view_publication_or_api_is_asked_anew(other):
    api = Api()
    answers.ask(api, "http://api", "viewers", 1, [BOOKS])

    answers.ask(api, *other, [BOOKS])

    assert len(api.asked) == 2


def test_a_failure_is_told_and_not_kept():
    api = Api()

    for _ in range(2):
        with pytest.raises(ApiError, match="gone"):
            answers.ask(api, "http://api", "viewers", 404, [BOOKS])

    assert len(api.asked) == 2


def test_what_was_used_longest_ago_is_dropped_first():
    store = answers.Kept(most=2)
    keys = [("http://api", "viewers", 1, str(number)) for number in range(3)]
    store.put(keys[0], "first")
    store.put(keys[1], "second")
    assert store.find(keys[0]) == "first"

    store.put(keys[2], "third")

    assert [store.find(key) for key in keys] == ["first", None, "third"]
