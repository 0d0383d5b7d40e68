"""Saved views: each user's own."""

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter
from signed_in import bearer

from api.auth.saved_views import MOST_VIEWS, SavedViews
from api.shapes.trust import SavedView, SavedViewList

BASE, VIEWS = "http://127.0.0.1:8600", "/api/views/"
LINK = "range=90+days&genre=Fiction&genre=Children+%26+Teens"


@pytest.fixture
def of(own_app, authority):
    return lambda name: TestClient(own_app, base_url=BASE, headers=bearer(authority, "viewer", username=name))


def names(client):
    listed = client.get(VIEWS).json()
    TypeAdapter(SavedViewList).validate_python(listed, strict=True, extra="forbid")
    return [view["name"] for view in listed["views"]]


def test_a_view_is_saved_replaced_and_deleted_under_its_name(of):
    ana = of("ana")
    saved = ana.post(VIEWS, json={"name": "Fiction, <b>90 days ü", "page": "overview", "query": LINK})
    ana.post(VIEWS, json={"name": "A month", "page": "titles"})
    ana.post(VIEWS, json={"name": "A month", "page": "titles", "query": "range=30+days"})

    assert saved.status_code == 201
    TypeAdapter(SavedView).validate_python(saved.json(), strict=True, extra="forbid")
    assert (saved.json()["page"], saved.json()["query"]) == ("overview", LINK)
    assert names(ana) == ["A month", "Fiction, <b>90 days ü"]
    assert ana.get(VIEWS).json()["views"][0]["query"] == "range=30+days"
    assert ana.delete(f"{VIEWS}Fiction, <b>90 days ü/").status_code == 200
    assert names(ana) == ["A month"]


def test_nobody_sees_or_deletes_anothers(of):
    ana, leo = of("ana"), of("leo")
    ana.post(VIEWS, json={"name": "Mine", "page": "overview"})

    assert names(leo) == []
    assert leo.delete(f"{VIEWS}Mine/").json()["type"].endswith("no-such-view")
    leo.post(VIEWS, json={"name": "Mine", "page": "titles"})
    assert [client.get(VIEWS).json()["views"][0]["page"] for client in (ana, leo)] == ["overview", "titles"]


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "page": "overview"},
        {"name": "a" * 81, "page": "overview"},
        {"name": "a/b", "page": "overview"},
        {"name": " a", "page": "overview"},
        {"name": "a\nb", "page": "overview"},
        {"name": "a", "page": "https://evil.example"},
        {"name": "a", "page": "overview", "query": "a b"},
        {"name": "a", "page": "overview", "query": "a" * 8_001},
        {"name": "a", "page": "overview", "owner": "leo"},
    ],
    ids=["no name", "a long name", "a slash", "a space", "a line", "no page", "no query", "endless", "another's"],
)
def test_what_is_no_view_is_refused(of, body):
    assert of("ana").post(VIEWS, json=body).status_code == 422


def test_there_is_an_end_to_views_and_one_can_still_be_replaced(of, authority):
    ana, kept = of("ana"), SavedViews(authority.engine)
    for number in range(MOST_VIEWS):
        kept.save("ana", f"view {number}", "overview", "")

    assert ana.post(VIEWS, json={"name": "one more", "page": "overview"}).status_code == 409
    assert ana.post(VIEWS, json={"name": "view 7", "page": "titles"}).status_code == 201
    assert len(names(ana)) == MOST_VIEWS
