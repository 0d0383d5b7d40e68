"""How a server of ours listens and ends; whichever framework answers in between."""

import signal
import socket
from collections.abc import Callable

from jobs_config.errors import BooksalesError, ConfigError, ExitCode
from jobs_config.loopback import require_loopback

PORTS = 65_536


def listen(address: str, port: int, is_behind_proxy: bool = False) -> socket.socket:
    """A socket that listens on a loopback address, behind a proxy on any; port 0 is any free one.

    Raises ConfigError for an address that others could reach and for what is no port, BooksalesError where the port is taken.
    """
    family = socket.AF_INET6 if ":" in (address if is_behind_proxy else require_loopback(address)) else socket.AF_INET
    if not 0 <= port < PORTS:
        raise ConfigError(f"cannot listen on {address} port {port}: name one from 0 to {PORTS - 1} by --port")
    try:
        listener = socket.create_server((address, port), family=family)
    except OSError as error:
        reason = f"cannot listen on {address} port {port}: {error.strerror}"
        raise BooksalesError(f"{reason}; stop what uses it, or name another by --port") from error
    # asyncio does this only for sockets it has made; without it answers wait 40 ms for an acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where the socket listens, for a browser."""
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def until_signal(run: Callable[[], None]) -> ExitCode:
    """Run a server that ends in good order on SIGTERM or SIGINT; SIGTERM is a clean end, SIGINT an interruption."""
    # uvicorn raises the signal again once it has shut down; by then it is no news.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        run()
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE
