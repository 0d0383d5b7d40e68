import pytest

from spark_jobs.main import beside_ledger


@pytest.mark.parametrize(
    ("ledger", "lock"),
    [
        ("sqlite:////data/ledger.db", "/data/writer.lock"),
        ("sqlite://", ""),
        ("postgresql+psycopg2://host/control", ""),
    ],
    ids=["a file", "in memory", "a server"],
)
def test_a_ledger_that_is_a_file_has_its_lease_beside_it(ledger, lock):
    assert beside_ledger(ledger) == lock
