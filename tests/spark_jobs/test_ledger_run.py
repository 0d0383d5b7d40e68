from small_shop import run_options

from spark_jobs.control.run_ledger import RunLedger
from spark_jobs.extract.connection import SourceAddress
from spark_jobs.ledger_run import ledger_run
from warehouse.generations import Pointer, swap_pointer


def test_a_new_ledger_goes_on_above_the_run_that_serves_though_its_file_is_gone(spark, tmp_path):
    options = run_options(tmp_path, SourceAddress("localhost", 5432, "shop", "reader", ""))
    options.warehouse.mkdir()
    swap_pointer(options.warehouse, Pointer(9, 41))
    ledger = RunLedger(options.ledger_url)

    with ledger_run("publish", ledger, spark, options) as run_seq:
        ledger.finish(run_seq, "done")

    assert run_seq == 42
