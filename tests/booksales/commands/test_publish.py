import json

import pytest


@pytest.mark.slow  # starts Spark to say that there is nothing to do
def test_an_empty_lake_is_not_published_and_the_failed_run_is_reported(installed_booksales, booksales):
    refused = installed_booksales("publish", "--json")

    assert refused.code == 1
    assert refused.err.endswith("error: no run has built the gold tables yet; run `booksales reload`\n")
    assert "Traceback" not in refused.err
    report = json.loads(refused.out)
    assert (report["run_seq"], report["kind"], report["state"]) == (1, "publish", "failed")
    assert report["detail"] == "no run has built the gold tables yet; run `booksales reload`"
    assert "1  publish  failed" in booksales("runs").out
