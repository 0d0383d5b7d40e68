import pytest
from small_shop import run_options

from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.errors import PUBLISHED, UNPUBLISHED, RunError
from spark_jobs.extract.connection import SourceAddress
from spark_jobs.ledger_run import ledger_run
from warehouse.embedded.generations import Pointer, swap_pointer


def test_a_new_ledger_goes_on_above_the_run_that_serves_though_its_file_is_gone(spark, tmp_path):
    options = run_options(tmp_path, SourceAddress("localhost", 5432, "shop", "reader", ""))
    options.warehouse.mkdir()
    swap_pointer(options.warehouse, Pointer(9, 41))
    ledger = RunLedger(options.ledger_url)

    with ledger_run("publish", ledger, spark, options) as run_seq:
        ledger.finish(run_seq, "done")

    assert run_seq == 42


@pytest.mark.parametrize(
    ("failure", "said"),
    [(RuntimeError("the report's disk is full"), RunError), (KeyboardInterrupt(), KeyboardInterrupt)],
    ids=["a failure", "Ctrl-C"],
)
@pytest.mark.parametrize("is_published", [True, False], ids=["after its publication", "before it"])
def test_what_a_run_that_fails_says_of_readers_is_true(spark, tmp_path, failure, said, is_published):
    options = run_options(tmp_path, SourceAddress("localhost", 5432, "shop", "reader", ""))
    options.warehouse.mkdir()
    ledger = RunLedger(options.ledger_url)

    with pytest.raises(said) as ended, ledger_run("reload", ledger, spark, options) as run_seq:
        if is_published:
            swap_pointer(options.warehouse, Pointer(1, run_seq))
        raise failure

    assert str(ended.value).endswith(PUBLISHED if is_published else UNPUBLISHED)
    assert (ledger.runs(1)[0]["state"] == "published") == is_published
