import pytest
from live_api import live_api, token_of
from small_star import publish_star

from api.client import Client
from jobs_config.state import open_state


@pytest.fixture
def installation(tmp_path):
    """An installation of the test's own, and a viewer's token."""
    warehouse = open_state(tmp_path / "booksales").warehouse
    publish_star(warehouse, tmp_path / "lake")
    with live_api(warehouse) as url:
        yield url, token_of(warehouse)


def test_what_is_shown_is_saved_opened_and_deleted(installation, open_page):
    url, token = installation
    page = open_page(url, "overview", token, range="90d", genre=["Fiction", "Children"])
    page.text_input(key="view-name").set_value("Fiction & <b>kids</b>: *90*")

    page.button(key="save-view").click().run()
    assert "without /" in page.warning[0].value.replace("\\", "")
    page.text_input(key="view-name").set_value("Fiction & <b>kids: *90*")
    page.button(key="save-view").click().run()

    with Client(url, token) as client:
        (saved,) = client.views()
        assert (saved["page"], saved["query"]) == ("overview", "range=90d&genre=Fiction&genre=Children")
        label = next(link.proto.label for link in page.get("page_link") if "kids" in link.proto.label)
        assert label.replace("\\", "") == "Fiction & <b>kids: *90*"
        assert "<b>" not in label
        page.button(key=f"delete-view-{saved['name']}").click().run()
        assert client.views() == []
    assert not [link for link in page.get("page_link") if "kids" in link.proto.label]


def test_a_view_of_a_page_that_is_gone_is_listed_without_a_link(installation, open_page):
    url, token = installation
    with Client(url, token) as client:
        client.save_view("An old one", "vanished", "range=7d")

    page = open_page(url, "overview", token)

    assert not page.exception
    assert any("its page is gone" in text.value for text in page.markdown)
