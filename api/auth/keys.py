"""The keys that sign access tokens: one file each, the newest signs, the ones before it still verify for a token's life.

A key's file is `<second it was made>-<kid>.pem` in a folder of mode 0700; whoever removes the file ends its tokens at once.
"""

import os
import secrets
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt.algorithms import OKPAlgorithm

ALGORITHM = "EdDSA"


@dataclass(frozen=True)
class SigningKey:
    """One key; `verifies_until` is none for the one that signs."""

    kid: str
    made_at: int
    private: Ed25519PrivateKey
    verifies_until: float | None

    def jwk(self) -> dict[str, Any]:
        """The public half, for others."""
        public = OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": ALGORITHM}


class KeyRing:
    """The keys of a folder, read again whenever a file in it comes or goes.

    That is told by their names: where a folder's own time is coarse, two changes within some milliseconds would look like one.
    """

    def __init__(self, folder: Path, token_seconds: int) -> None:
        self._folder = folder
        self._token_seconds = token_seconds
        self._lock = threading.Lock()
        self._seen: tuple[str, ...] = ()
        self._keys: tuple[SigningKey, ...] = ()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._files():
            self.rotate()

    def rotate(self) -> str:
        """Make a key that signs from now on, and remove those whose tokens have all expired. Returns its kid."""
        kid, private = secrets.token_hex(8), Ed25519PrivateKey.generate()
        pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        newest = self._files()[-1].name.partition("-")[0] if self._files() else "0"
        # Two keys of one second would have no order.
        made_at = max(int(time.time()), int(newest) + 1)
        unfinished = self._folder / f".{kid}"
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(pem)
        unfinished.rename(self._folder / f"{made_at:012d}-{kid}.pem")
        for key in self._read():
            if key.verifies_until is not None and key.verifies_until < time.time():
                (self._folder / f"{key.made_at:012d}-{key.kid}.pem").unlink(missing_ok=True)
        return kid

    def signing(self) -> SigningKey:
        """The key that signs; a new one where somebody has removed them all."""
        if not self._current():
            self.rotate()
        return self._current()[-1]

    def verifying(self, kid: str) -> SigningKey | None:
        """The key of that kid, while tokens of it may be alive."""
        return next((key for key in self._alive() if key.kid == kid), None)

    def jwks(self) -> dict[str, Any]:
        """Every key that verifies, as a JSON Web Key Set."""
        return {"keys": [key.jwk() for key in self._alive()]}

    def _alive(self) -> list[SigningKey]:
        now = time.time()
        return [key for key in self._current() if key.verifies_until is None or key.verifies_until > now]

    def _current(self) -> tuple[SigningKey, ...]:
        with self._lock:
            while (names := self._names()) != self._seen:
                # One that has gone meanwhile is seen when the names are looked at again.
                with suppress(FileNotFoundError):
                    self._keys, self._seen = self._read(), names
            return self._keys

    def _names(self) -> tuple[str, ...]:
        return tuple(path.name for path in self._files())

    def _read(self) -> tuple[SigningKey, ...]:
        found = []
        files = self._files()
        made = [int(path.name.partition("-")[0]) for path in files]
        for place, path in enumerate(files):
            private = load_pem_private_key(path.read_bytes(), None)
            assert isinstance(private, Ed25519PrivateKey)
            until = made[place + 1] + self._token_seconds + 1 if place + 1 < len(files) else None
            found.append(SigningKey(path.stem.partition("-")[2], made[place], private, until))
        return tuple(found)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*.pem"))
