import pytest
from small_star import published_once


@pytest.mark.parametrize("form", [[], ["--json"], ["--now"]], ids=["as text", "as JSON", "with what was gained"])
def test_before_the_first_publication_there_is_nothing_to_compare(booksales, home, form):
    refused = booksales("verify", *form)

    assert (refused.code, refused.out) == (1, "")
    assert refused.err == f"booksales verify: {home}/warehouse: nothing is published yet; run `booksales reload`\n"


def test_a_generation_that_no_run_of_the_ledger_made_is_not_trusted(booksales, home):
    booksales("status")
    published_once(home)

    refused = booksales("verify")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err == "booksales verify: the ledger does not know generation 1; run `booksales reload`\n"
