import pytest

from jobs_config.errors import ConfigError
from jobs_config.loopback import refusal, require_loopback, require_loopback_url


def headers(host, origin=None):
    return [(b"host", host.encode()), *([(b"origin", origin.encode())] if origin is not None else [])]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.1:8600", "LocalHost:8601", "[::1]:8600"])
def test_a_request_that_names_this_machine_passes(host):
    assert refusal(headers(host)) is None


@pytest.mark.parametrize(
    "host",
    ["", "example.com", "127.0.0.1.example.com", "localhost.example.com:8600", "127.0.0.2", "127.0.0.1:", "127.0.0.1:8600 x",
     "::1", "127.0.0.1\n", "user@localhost"],
)  # fmt: skip
def test_a_request_that_names_another_machine_is_misdirected(host):
    status, reason = refusal(headers(host))

    assert status == 421
    assert "this server answers to 127.0.0.1, localhost, ::1 only" in reason


@pytest.mark.parametrize(
    "given",
    [[], [(b"host", b"localhost"), (b"host", b"localhost")], [(b"host", b"localhost"), (b"host", b"example.com")]],
    ids=["no host", "one host twice", "two hosts"],
)
def test_a_request_names_exactly_one_host(given):
    assert refusal(given)[0] == 421


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8601", "http://localhost:8601", "https://[::1]", "http://LOCALHOST"]
)
def test_a_page_of_this_machine_may_ask(origin):
    assert refusal(headers("127.0.0.1:8600", origin)) is None


@pytest.mark.parametrize(
    "origin", ["null", "", "http://example.com", "http://localhost.example.com", "file://", "ftp://localhost"]
)
def test_a_page_of_another_site_is_forbidden(origin):
    status, reason = refusal(headers("127.0.0.1:8600", origin))

    assert status == 403
    assert "may not use this server" in reason


def test_a_long_host_is_not_repeated_in_full():
    assert len(refusal(headers("a" * 5000))[1]) < 250


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1"])
def test_this_machines_own_addresses_may_be_listened_on(address):
    assert require_loopback(address) == address


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.168.1.10", "example.com", "127.0.0.2", ""])  # noqa: S104
def test_an_address_that_others_can_reach_is_refused_with_those_that_would_do(address):
    with pytest.raises(ConfigError, match=r"only 127\.0\.0\.1, localhost, ::1 are allowed"):
        require_loopback(address)


def test_the_address_of_an_api_on_this_machine_loses_its_last_slash():
    assert require_loopback_url("http://127.0.0.1:8600/") == "http://127.0.0.1:8600"


@pytest.mark.parametrize("url", ["http://example.com:8600", "http://127.0.0.1:8600/api", "127.0.0.1:8600", ""])
def test_an_api_elsewhere_is_not_asked(url):
    with pytest.raises(ConfigError, match=r"will not ask .* the API must be on 127\.0\.0\.1, localhost, ::1"):
        require_loopback_url(url)
