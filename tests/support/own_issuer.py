"""A small OIDC issuer on loopback: publishes its keys as a JWKS and signs tokens, as a company's own would."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

ISSUER, AUDIENCE = "https://login.example.com/", "booksales"


class OwnIssuer:
    """Its keys by kid; `asked` counts how often they were fetched, `answer` is what is served instead of them."""

    def __init__(self) -> None:
        self.private: dict[str, Any] = {}
        self.published: dict[str, dict[str, Any]] = {}
        self.asked = 0
        self.answer: tuple[int, dict[str, str], bytes] | None = None
        self.url = ""
        self.add("rsa", "RS256")

    def add(self, kid: str, algorithm: str, bits: int = 2_048) -> None:
        """Make a key and publish it."""
        if algorithm in ("RS256", "PS256"):
            private: Any = rsa.generate_private_key(65_537, bits)
            public = RSAAlgorithm.to_jwk(private.public_key(), as_dict=True)
        elif algorithm == "ES256":
            private = ec.generate_private_key(ec.SECP256R1())
            public = ECAlgorithm.to_jwk(private.public_key(), as_dict=True)
        else:
            private = Ed25519PrivateKey.generate()
            public = OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
        self.private[kid] = private
        self.published[kid] = {**public, "kid": kid, "use": "sig", "alg": algorithm}

    def token(self, kid: str = "rsa", algorithm: str = "RS256", header: Any = None, **claims: Any) -> str:
        """A token of a viewer, but for the claims given; a claim of None is left out."""
        now = int(time.time())
        usual = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "ana@example.com",
            "iat": now,
            "exp": now + 600,
            "roles": ["bi-readers"],
        }
        said = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        # Signed as it is: the library would refuse to write some of what must not be accepted.
        head = {"kid": kid, "typ": "JWT", **(header or {})}
        return jwt.PyJWS().encode(json.dumps(said).encode(), self.private[kid], algorithm, head)


@contextmanager
def own_issuer() -> Iterator[OwnIssuer]:
    """The issuer, serving its keys while the block runs."""
    issuer = OwnIssuer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            plain = json.dumps({"keys": list(issuer.published.values())}).encode()
            status, headers, body = issuer.answer or (200, {}, plain)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.url = f"http://127.0.0.1:{server.server_port}/keys"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
