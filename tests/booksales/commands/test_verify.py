from decimal import Decimal

import pytest
from small_star import published_once

from booksales.commands.verify import _counted
from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.source_totals import SourceTotal


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


def test_what_the_source_has_gained_is_held_against_the_run_that_counted_the_table(tmp_path):
    ledger = RunLedger(f"sqlite:///{tmp_path / 'ledger.db'}")

    def counted(**rows):
        run_seq = ledger.start("sync", "bookstore")
        totals = [
            SourceTotal(table, month, "", 5, 5, 0, Decimal(0)) for table, months in rows.items() for month in months
        ]
        ledger.record_source_totals(run_seq, totals)
        ledger.finish(run_seq, "published")

    counted(sales=["2024-01", "2024-02"], books=[""])
    counted(books=[""])
    counted()

    assert [_counted(ledger, table, 3) for table in ("sales", "books", "authors")] == [10, 5, 0]
