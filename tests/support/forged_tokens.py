"""Tokens that nobody of ours has made, or that are no longer good: name to the value of the Authorization header."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.auth.keys import SigningKey

Claims = dict[str, Any]


def part(value: object) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def signed(key: SigningKey, header: object, claims: object) -> str:
    """A token with our own signature over whatever header and claims."""
    head = f"{part(header)}.{part(claims)}"
    return f"{head}.{part(key.private.sign(head.encode()))}"


def with_hmac(key: bytes, header: Claims, claims: Claims) -> str:
    head = f"{part({**header, 'alg': 'HS256'})}.{part(claims)}"
    return f"{head}.{part(hmac.new(key, head.encode(), hashlib.sha256).digest())}"


def forged_headers(good: str, key: SigningKey, refresh_token: str, canary: str) -> dict[str, str]:
    """From one good access token, its key and its refresh token; `canary` is an address that nobody may ask."""
    header, claims = (json.loads(base64.urlsafe_b64decode(text + "==")) for text in good.split(".")[:2])
    tokens = {
        **_other_algorithms(good, key, header, claims),
        **_other_headers(key, header, claims, canary),
        **_other_claims(key, header, claims),
        **_other_spellings(good, key, header, claims),
        "a refresh token": refresh_token,
    }
    bearer = {name: f"Bearer {token}" for name, token in tokens.items()}
    schemes = {
        "no scheme": good,
        "basic": f"Basic {base64.b64encode(b'admin:admin').decode()}",
        "another scheme": f"Token {good}",
        "two tokens": f"Bearer {good} {good}",
        "two schemes": f"Bearer Bearer {good}",
        "empty": "",
        "a scheme and nothing": "Bearer",
        "a tab": f"Bearer\t{good}",
    }
    return {**bearer, **schemes}


def _other_algorithms(good: str, key: SigningKey, header: Claims, claims: Claims) -> dict[str, str]:
    head, body, signature = good.split(".")
    public = key.private.public_key()
    stranger = SigningKey(key.kid, key.made_at, Ed25519PrivateKey.generate(), None)
    spellings = ("none", "None", "NONE", "nOnE", "", "null", "None ", "NoNe")
    keys = {
        "its public key in PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "its public key in DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "its public key for SSH": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "its public key as it is": public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        "its public key as JWK": json.dumps(key.jwk()).encode(),
        "an empty key": b"",
    }
    curve = ec.generate_private_key(ec.SECP256R1())
    return {
        **{f"alg {alg!r}, no signature": f"{part({**header, 'alg': alg})}.{body}." for alg in spellings},
        **{
            f"alg {alg!r}, ours": f"{part({**header, 'alg': alg})}.{body}.{signature}"
            for alg in ("none", "HS256", "RS256")
        },
        **{f"HS256 by {name}": with_hmac(secret, header, claims) for name, secret in keys.items()},
        "a stranger's key under our kid": signed(stranger, header, claims),
        "ES256 by a stranger": jwt.encode(claims, curve, "ES256", {"kid": key.kid, "typ": header["typ"]}),
        "ES256 of zeros": f"{part({**header, 'alg': 'ES256'})}.{body}.{part(bytes(64))}",
        "a signature of zeros": f"{head}.{body}.{part(bytes(64))}",
        "no signature": f"{head}.{body}.",
        "no signature and no dot": f"{head}.{body}",
        "half a signature": f"{head}.{body}.{signature[:43]}",
        "another signature": f"{head}.{body}.{signature[:-4]}AAAA",
    }


def _other_headers(key: SigningKey, header: Claims, claims: Claims, canary: str) -> dict[str, str]:
    kids = ("../../../../dev/null", "' or 1=1 --", "\x00", "a" * 1500, canary, "", None, 7, ["a"], {"a": 1})
    own = key.jwk()
    more = {
        "jku": canary,
        "x5u": canary,
        "jwk": own,
        "x5c": ["AAAA"],
        "crit": ["exp"],
        "b64": False,
        "zip": "DEF",
        "cty": "JWT",
    }
    return {
        **{f"kid {str(kid)[:20]!r}": signed(key, {**header, "kid": kid}, claims) for kid in kids},
        **{f"with {name}": signed(key, {**header, name: value}, claims) for name, value in more.items()},
        "unknown crit": signed(key, {**header, "crit": ["of-no-known-name"], "of-no-known-name": 1}, claims),
        "no kid": signed(key, {"alg": header["alg"], "typ": header["typ"]}, claims),
        "no typ": signed(key, {"alg": header["alg"], "kid": header["kid"]}, claims),
        "typ JWT": signed(key, {**header, "typ": "JWT"}, claims),
        "typ of a refresh token": signed(key, {**header, "typ": "rt+jwt"}, claims),
    }


def _other_claims(key: SigningKey, header: Claims, claims: Claims) -> dict[str, str]:
    now = int(time.time())
    changed: dict[str, Claims] = {
        **{f"no {name}": {other: value for other, value in claims.items() if other != name} for name in claims},
        "another issuer": {**claims, "iss": "https://issuer.example"},
        "another audience": {**claims, "aud": "booksales-refresh"},
        "a list of audiences": {**claims, "aud": [claims["aud"]]},
        "another user": {**claims, "sub": "999999"},
        "a user that is a number": {**claims, "sub": int(claims["sub"])},
        "another session": {**claims, "sid": "0" * 32},
        "expired": {**claims, "iat": now - 2000, "nbf": now - 2000, "exp": now - 1100},
        "not yet": {**claims, "iat": now + 600, "nbf": now + 600, "exp": now + 1500},
        "alive for a day": {**claims, "exp": now + 86400},
        "expires as text": {**claims, "exp": str(claims["exp"])},
        "expires at a fraction": {**claims, "exp": claims["exp"] + 0.5},
        "expires at true": {**claims, "exp": True},
        "expires never": {**claims, "exp": None},
        "a role": {**claims, "role": "admin"},
    }
    numbers = {name: part(json.dumps(claims).replace(str(claims["exp"]), text).encode())
               for name, text in {"NaN": "NaN", "infinity": "1e400", "huge": "9" * 400}.items()}  # fmt: skip
    head = part(header)
    raw = {
        f"expires at {name}": f"{head}.{body}.{part(key.private.sign(f'{head}.{body}'.encode()))}"
        for name, body in numbers.items()
    }
    return {**{name: signed(key, header, value) for name, value in changed.items()}, **raw}


def _other_spellings(good: str, key: SigningKey, header: Claims, claims: Claims) -> dict[str, str]:
    head, body, signature = good.split(".")
    twice = json.dumps(claims)[:-1] + ', "sub": "1"}'
    last = "AEIMQUYcgkosw048"  # the letters a signature of 64 bytes may end with
    other_end = chr(ord(signature[-1]) + 1) if signature[-1] in last else "B"
    return {
        "a name twice": signed(key, header, twice.encode()),
        "claims that are no object": signed(key, header, [claims]),
        "claims that are no JSON": signed(key, header, b"{"),
        "deep claims": signed(key, header, b"[" * 900),
        "a token in a token": signed(key, {**header, "cty": "JWT"}, good.encode()),
        "five parts": f"{good}.{head}.{body}",
        "padded": f"{head}=.{body}.{signature}",
        "padded at the end": f"{good}==",
        "loose last bits": f"{head}.{body}.{signature[:-1]}{other_end}",
        "standard base64": f"{head}.{body}.{signature.replace('-', '+').replace('_', '/')}+",
        "a line break": f"{head}.{body}.{signature[:40]} {signature[40:]}",
        "64 KB": f"{head}.{body}.{'A' * 65_000}",
        "a word": "admin",
        "dots": "..",
    }
