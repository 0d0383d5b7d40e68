"""Loopback: servers bind to this machine and refuse requests that name or come from another, but for hosts that are allowed.

A foreign Host is how a web page reaches a local server through a name of its own (DNS rebinding); a foreign Origin is a
web page of another site.
"""

import re
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from jobs_config.errors import ConfigError

ADDRESSES = ("127.0.0.1", "localhost", "::1")

_HOST = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?", re.IGNORECASE)
_ORIGIN = re.compile(rf"https?://{_HOST.pattern}", re.IGNORECASE)

_PORT = re.compile(r":\d{1,5}\Z")

Headers = Iterable[tuple[bytes, bytes]]


def require_loopback(address: str) -> str:
    """The address, where it is one of this machine's own. Raises ConfigError for any other."""
    if address not in ADDRESSES:
        raise ConfigError(
            f"will not listen on {address!r}: other machines would reach it, so only {', '.join(ADDRESSES)} are allowed"
        )
    return address


def refusal(headers: Headers, allowed: Collection[str] = ()) -> tuple[int, str] | None:
    """Why a request is refused, as HTTP status and reason, by its Host and Origin; None where it may pass.

    `allowed` are names of hosts that a proxy with TLS answers to; their own pages come by https.
    """
    found = list(headers)
    hosts = [value.decode("latin-1") for name, value in found if name == b"host"]
    if len(hosts) != 1 or not (_HOST.fullmatch(hosts[0]) or _PORT.sub("", hosts[0]).lower() in allowed):
        named = ", ".join(hosts)[:100] or "a request without Host"
        return 421, f"this server answers to {', '.join((*allowed, *ADDRESSES))} only, not to {named}"
    origins = [value.decode("latin-1") for name, value in found if name == b"origin"]
    pages = {f"https://{host}" for host in allowed}
    if any(not _ORIGIN.fullmatch(origin) and _PORT.sub("", origin).lower() not in pages for origin in origins):
        return 403, f"pages of {', '.join(origins)[:100]} may not use this server"
    return None


def require_private_way(setting: str, url: str) -> str:
    """The URL, where nobody on the way can read or change what goes there: by https, or on this machine. Raises ConfigError."""
    parts = urlsplit(url)
    is_near = parts.scheme == "http" and parts.hostname in ADDRESSES
    if not parts.hostname or "@" in parts.netloc or not (parts.scheme == "https" or is_near):
        raise ConfigError(f"{setting}: has to go by https, not to {url!r}")
    return url


def require_loopback_url(url: str) -> str:
    """The http URL, where it leads to this machine. Raises ConfigError for any other."""
    if not _ORIGIN.fullmatch(url.rstrip("/")):
        raise ConfigError(
            f"will not ask {url!r}: tokens would leave this machine, so the API must be on {', '.join(ADDRESSES)}"
        )
    return url.rstrip("/")
