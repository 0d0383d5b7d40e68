import json

import pytest
from psycopg2.extensions import parse_dsn

from datagen.main import PASSWORD_VARIABLE, main, shop_dsn
from datagen.shop import read_mark
from jobs_config.errors import ConfigError, ExitCode


def test_the_entry_file_fills_a_database_as_glue_starts_it(shop_database, monkeypatch):
    told = parse_dsn(shop_database)
    monkeypatch.setenv(PASSWORD_VARIABLE, told["password"])
    url = f"postgresql://{told['user']}@{told['host']}:{told['port']}/{told['dbname']}"
    asked = json.dumps(["--sales=500", "--seed=3", f"--shop-url={url}"])

    assert main(["--JOB_NAME", "shop", "--arguments", asked]) == 0

    mark = read_mark(shop_database)
    assert mark is not None
    assert mark.row_counts["sales_sale"] == 500


@pytest.mark.parametrize("url", ["postgresql://owner:p4ss@db.example.com/shop", "mysql://owner@db.example.com/shop"])
def test_what_is_no_address_of_a_shop_is_refused_and_not_shown(url):
    with pytest.raises(ConfigError, match="expected postgresql://user@host:port/database") as refused:
        shop_dsn(url)

    assert "p4ss" not in str(refused.value)


def test_a_shop_elsewhere_is_reached_with_a_certificate_that_is_checked(monkeypatch):
    monkeypatch.setenv(PASSWORD_VARIABLE, "p4ss")

    assert parse_dsn(shop_dsn("postgresql://owner@db.example.com:5433/shop"))["sslmode"] == "verify-full"
    assert parse_dsn(shop_dsn("postgresql://owner@127.0.0.1:5433/shop"))["sslmode"] == "prefer"


def test_a_mistake_ends_with_its_exit_code(capsys):
    assert main(["--shop-url=nowhere"]) == ExitCode.CONFIGURATION
    assert "--shop-url: expected" in capsys.readouterr().err
