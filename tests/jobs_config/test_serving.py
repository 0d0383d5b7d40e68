import socket

import pytest

from jobs_config.errors import BooksalesError, ConfigError, ExitCode
from jobs_config.serving import listen, url_of


def test_a_port_that_is_taken_is_named_with_what_would_do():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(BooksalesError) as refused:
            listen("127.0.0.1", port)

    assert refused.value.exit_code == ExitCode.FAILED
    assert str(refused.value).startswith(f"cannot listen on 127.0.0.1 port {port}: Address already in use")
    assert str(refused.value).endswith("; stop what uses it, or name another by --port")


@pytest.mark.parametrize(("address", "begin"), [("127.0.0.1", "http://127.0.0.1:"), ("::1", "http://[::1]:")])
def test_a_browser_finds_what_listens(address, begin):
    with listen(address, 0) as listener:
        assert url_of(listener) == f"{begin}{listener.getsockname()[1]}"
        with socket.create_connection((address, listener.getsockname()[1]), timeout=5):
            pass


def test_nothing_listens_where_others_could_reach_it():
    with pytest.raises(ConfigError, match="other machines would reach it"):
        listen("0.0.0.0", 0)  # noqa: S104


@pytest.mark.parametrize("port", [-1, 65536, 2**70])
def test_what_is_no_port_is_a_matter_of_configuration(port):
    with pytest.raises(ConfigError, match=f"port {port}: name one from 0 to 65535 by --port"):
        listen("127.0.0.1", port)
