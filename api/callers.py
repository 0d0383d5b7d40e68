"""What handlers ask a request about its caller."""

from fastapi import Request

from api.auth.authority import Authority, Caller


def authority_of(request: Request) -> Authority:
    """The authority of the application."""
    authority: Authority = request.app.state.authority
    return authority


def caller_of(request: Request) -> Caller:
    """Who asks; the gate has let them in."""
    caller: Caller = request.state.caller
    return caller


def address_of(request: Request) -> str:
    """Where the request comes from."""
    return request.client.host if request.client else "unknown"
