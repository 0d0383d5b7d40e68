import socket

import pytest


@pytest.mark.parametrize("setting", ["BOOKSALES_API_PORT", "BOOKSALES_DASHBOARD_PORT"])
def test_a_port_that_is_taken_stops_the_demo_before_any_work(booksales, home, monkeypatch, setting):
    monkeypatch.setenv("BOOKSALES_API_PORT", "0")
    monkeypatch.setenv("BOOKSALES_DASHBOARD_PORT", "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv(setting, str(port))

        refused = booksales("demo", "--sales", "10")

    assert (refused.code, refused.out) == (1, "")
    assert refused.err == (
        f"booksales demo: port {port} on 127.0.0.1 is taken (Address already in use); set {setting} to another, or to 0 for any\n"
    )
    assert not (home / "source").exists()


def test_a_shop_that_cannot_be_stops_the_demo_before_any_work(booksales, home):
    refused = booksales("demo", "--sales", "0", "--no-serve")

    assert refused.code == 2
    assert refused.err.startswith("booksales demo: sales is 0; use a number from 1 to")
    assert not (home / "source").exists()
