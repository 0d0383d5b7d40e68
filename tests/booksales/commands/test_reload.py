import json

import pytest


@pytest.mark.parametrize("form", [[], ["--dry-run"], ["--json"]], ids=["plain", "as a dry run", "as JSON"])
def test_without_a_shop_a_reload_is_refused_with_how_to_get_one(booksales, home, form):
    refused = booksales("reload", *form)

    assert (refused.code, refused.out) == (3, "")
    assert refused.err == (
        "booksales reload: there is no shop to read: `booksales generate` makes one, "
        "or name yours by BOOKSALES_SOURCE_URL=postgresql://user@host/db\n"
    )
    assert not (home / "source").exists()


def test_an_unknown_source_is_answered_with_those_there_are(booksales, monkeypatch):
    monkeypatch.setenv("BOOKSALES_SOURCE", "bookshop")

    refused = booksales("reload")

    assert refused.code == 2
    assert refused.err == "booksales reload: no 'bookshop' in jobs_config/sources; it has bookstore\n"


def test_a_shop_that_cannot_be_reached_is_named(booksales, monkeypatch):
    monkeypatch.setenv("BOOKSALES_SOURCE_URL", "postgresql://reader@127.0.0.1:1/shop")

    refused = booksales("reload", "--dry-run")

    assert refused.code == 1
    assert refused.err.startswith("booksales reload: ")
    assert "127.0.0.1:1" in refused.err


def test_history_is_not_discarded_without_a_word(installed_booksales, home, monkeypatch):
    monkeypatch.setenv("BOOKSALES_SOURCE_URL", "postgresql://reader@127.0.0.1:1/shop")

    refused = installed_booksales("reload", "--discard-history")

    assert (refused.code, refused.out) == (3, "")
    assert refused.err.endswith("nothing was done; answer 'discard', or give --yes\n")
    assert list((home / "lake").iterdir()) == []


def test_a_dry_run_says_what_would_be_read_and_touches_nothing(booksales, embedded_shop, state):
    booksales("generate", "--sales", "300", "--years", "1")
    before = sorted(state.root.rglob("*"))

    told = booksales("reload", "--dry-run")

    assert told.code == 0
    assert told.out.splitlines()[0].split() == ["table", "writes", "rows", "partitions", "bytes"]
    assert told.out.endswith("nothing was touched\n")
    plan = {entry["writes"]: entry for entry in json.loads(booksales("reload", "--dry-run", "--json").out)}
    assert len(plan) == 14
    assert plan["silver.sales"]["table"] == "public.sales_sale"
    assert plan["silver.sales"]["rows"] == 300
    assert [path for path in sorted(state.root.rglob("*")) if path not in before and "source" not in path.parts] == []
