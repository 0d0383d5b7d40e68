import pytest

from spark_jobs.main import beside_ledger, main


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


@pytest.mark.parametrize("life", ["0", "-1", "4", "1e9", "soon"])
def test_a_lease_that_would_expire_at_once_is_a_mistake_in_the_call(capsys, life):
    places = ["--lake", "l", "--warehouse", "w", "--reports", "r", "--ledger", "postgresql://u@h/d"]

    with pytest.raises(SystemExit):
        main(["publish", *places, f"--lease-seconds={life}"])

    assert f"expected 5 to 99999 whole seconds, found {life!r}" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["reload", "sync", "sweep"])
def test_a_command_that_reads_the_shop_says_that_it_was_not_named(capsys, command):
    places = ["--lake", "l", "--warehouse", "w", "--reports", "r", "--ledger", "sqlite://"]

    assert main([command, *places]) == 2
    assert f"{command} reads the shop: name it by --source-url" in capsys.readouterr().err
