import pytest

from jobs_config.errors import ConfigError
from spark_jobs.extract.connection import SourceAddress, parse_address


def test_an_address_is_taken_apart_and_escapes_are_read():
    address = parse_address("postgresql://the%20reader@db.example.org:6432/book%20shop", "hunter2")

    assert address == SourceAddress("db.example.org", 6432, "book shop", "the reader", "hunter2")


def test_the_port_is_5432_unless_said():
    assert parse_address("postgres://reader@db.example.org/shop", "").port == 5432


def test_the_password_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("BOOKSALES_SOURCE_PASSWORD", "hunter2")

    assert parse_address("postgresql://reader@db.example.org/shop").password == "hunter2"


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("mysql://reader@db.example.org/shop", "expected postgresql://user@host:port/database"),
        ("postgresql://db.example.org/shop", "expected postgresql://user@host:port/database"),
        ("postgresql://reader@/shop", "expected postgresql://user@host:port/database"),
        ("postgresql://reader@db.example.org", "expected postgresql://user@host:port/database"),
        ("postgresql://reader@db.example.org:many/shop", "expected postgresql://user@host:port/database"),
        ("postgresql://reader@[::1/shop", "expected postgresql://user@host:port/database"),
        ("postgresql://reader@db.example.org/shop?sslmode=disable", "expected postgresql://user@host:port/database"),
    ],
    ids=["another database", "no user", "no host", "no database", "a port that is no number", "half a host", "options"],
)
def test_anything_but_a_plain_address_is_refused(url, fault):
    with pytest.raises(ConfigError, match=fault):
        parse_address(url, "")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://reader:hunter2@db.example.org/shop",
        "postgresql://reader:hunter2:hunter2@db.example.org/shop",
        "postgresql://reader:hunter2@hunter2@db.example.org/shop",
        "postgresql://reader:hunter2?hunter2@db.example.org/shop",
        "postgresql://reader:hunter2/hunter2@db.example.org/shop",
        "postgresql://reader:hunter2#@db.example.org/shop",
        "postgresql://reader@db.example.org/shop?password=hunter2",
        "postgresql://reader@db.example.org/shop?password=p@hunter2",
        "postgresql:///shop?user=reader&password=hunter2",
        "mysql://reader:hunter2@db.example.org/shop",
        "reader:hunter2@db.example.org/shop",
        "host=db.example.org user=reader password=hunter2 dbname=shop",
    ],
    ids=[
        "before the host",
        "with a colon in it",
        "with an @ in it",
        "with a question mark in it",
        "with a slash in it",
        "with a hash in it",
        "among the options",
        "among the options with an @ in it",
        "among the options without a host",
        "of another database",
        "without a scheme",
        "in the words of libpq",
    ],
)
def test_a_password_in_the_url_is_refused_and_never_shown(url):
    with pytest.raises(ConfigError) as refused:
        parse_address(url)

    assert "hunter2" not in str(refused.value)
    assert "BOOKSALES_SOURCE_PASSWORD" in str(refused.value)


def test_an_address_never_shows_its_password():
    address = SourceAddress("db.example.org", 5432, "shop", "reader", "hunter2")

    assert repr(address) == str(address) == "postgresql://reader@db.example.org:5432/shop"
    assert "hunter2" not in address.jdbc_url


@pytest.mark.parametrize(
    ("host", "sslmode"),
    [
        ("127.0.0.1", "prefer"),
        ("localhost", "prefer"),
        ("::1", "prefer"),
        ("db.example.org", "verify-full"),
        ("10.0.0.7", "verify-full"),
        ("127.0.0.1.example.org", "verify-full"),
    ],
)
def test_the_certificate_is_verified_everywhere_but_on_loopback(host, sslmode):
    address = SourceAddress(host, 5432, "shop", "reader", "")

    assert address.sslmode == sslmode
    assert f"sslmode={sslmode}&" in address.jdbc_url


def test_an_ipv6_host_stands_in_brackets_for_spark():
    address = SourceAddress("::1", 5432, "book shop", "reader", "")

    assert address.jdbc_url.startswith("jdbc:postgresql://[::1]:5432/book%20shop?")


@pytest.mark.parametrize("part", ["reader%00@host/shop", "reader@host/sh%00op", "reader@ho%0Ast/shop"])
def test_a_character_that_cannot_be_seen_is_no_part_of_an_address(part):
    with pytest.raises(ConfigError, match="source URL: it holds a character that cannot be seen"):
        parse_address(f"postgresql://{part}")
