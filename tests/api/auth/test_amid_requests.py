"""Keys that are rotated and removed, accounts that are disabled and demoted, while a real server is being asked."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx2
import pytest
from live_api import live_api
from signed_in import authority, tokens
from small_star import publish_star

from api.auth.keys import KeyRing
from jobs_config.state import StateFolder

ME, QUERY = "/api/auth/me/", "/api/analytics/query/"
THREADS = 5
A_SECOND = 50


@dataclass
class Answers:
    """When each request was begun, and what its status was."""

    found: list[tuple[float, int]] = field(default_factory=list)

    def after(self, moment: float) -> set[int]:
        return {status for began, status in self.found if began > moment}

    def before(self, moment: float) -> set[int]:
        return {status for began, status in self.found if began <= moment}


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[tuple[StateFolder, str]]:
    root = tmp_path_factory.mktemp("amid")
    state = StateFolder(root / "booksales")
    with live_api(state.warehouse) as url:
        publish_star(state.warehouse, root / "lake")
        yield state, url


@pytest.fixture
def of(server):
    """The server's authority, as another process has it."""
    found = authority(server[0])
    yield found
    found.close()


def asking(url: str, count: int, one: threading.Event, request, a_second: int = A_SECOND) -> Answers:
    """`count` requests by several threads, so many a second where they are answered so fast; `one` is set with the first answer."""
    answers = Answers()

    def ask(share: int) -> None:
        with httpx2.Client(base_url=url, trust_env=False, timeout=30) as client:
            for _ in range(share):
                began = time.monotonic()
                answers.found.append((began, request(client).status_code))
                one.set()
                time.sleep(max(0.0, began + THREADS / a_second - time.monotonic()))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(ask, [count // THREADS] * THREADS))
    return answers


@pytest.mark.parametrize("count", [250, pytest.param(3_000, marks=pytest.mark.slow)], ids=["5 s", "a minute"])
def test_while_keys_are_rotated_no_good_token_is_refused(server, of, count):
    """Another process rotates every 50 ms; whoever asks takes a token of the newest key now and then."""
    state, url = server
    newest, stop, made = [tokens(of, "viewer").access], threading.Event(), []

    def rotate() -> None:
        ring = KeyRing(state.token_keys, token_seconds=900)
        while not stop.wait(0.05):
            made.append(ring.rotate())
            newest[0] = tokens(of, "viewer").access

    rotating = threading.Thread(target=rotate)
    rotating.start()
    answers = asking(
        url,
        count,
        threading.Event(),
        lambda client: client.get(ME, headers={"Authorization": f"Bearer {newest[0]}"}),
    )
    stop.set()
    rotating.join()

    assert len(made) > count / 50
    assert len(answers.found) == count
    assert answers.after(0) == {200}


def test_a_key_that_is_removed_is_refused_at_once(server, of):
    state, url = server
    of.keys.rotate()
    old = {"Authorization": f"Bearer {tokens(of, 'viewer').access}"}
    kid = of.keys.signing().kid
    of.keys.rotate()
    first, removed = threading.Event(), []

    def remove() -> None:
        first.wait(30)
        time.sleep(0.5)
        (path,) = state.token_keys.glob(f"*-{kid}.pem")
        path.unlink()
        removed.append(time.monotonic())

    removing = threading.Thread(target=remove)
    removing.start()
    answers = asking(url, 100, first, lambda client: client.get(ME, headers=old))
    removing.join()

    assert answers.before(removed[0]) == {200, 401} or answers.before(removed[0]) == {200}
    assert answers.after(removed[0]) == {401}


def test_a_key_is_known_and_gone_with_its_file_however_fast_files_change(tmp_path):
    """The time of a folder may be coarse; here it stands still, and told by it no change would be seen."""
    rotating, reading = KeyRing(tmp_path, token_seconds=900), KeyRing(tmp_path, token_seconds=900)
    for _ in range(5):
        kid = rotating.rotate()
        os.utime(tmp_path, (0, 0))
        assert reading.verifying(kid) is not None
        (path,) = tmp_path.glob(f"*-{kid}.pem")
        path.unlink()
        os.utime(tmp_path, (0, 0))
        assert reading.verifying(kid) is None


def test_where_every_key_is_removed_a_new_one_signs(of):
    for path in of.keys._folder.glob("*.pem"):
        path.unlink()

    assert of.caller(f"Bearer {tokens(of, 'viewer').access}").role == "viewer"


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"is_disabled": True}, 200, 401),
        ({"role": "viewer"}, 200, 403),
        ({"regions": ["Atlantis"]}, 200, 200),
    ],
    ids=["disabled", "demoted", "narrowed"],
)
@pytest.mark.parametrize("count", [150, pytest.param(1_000, marks=pytest.mark.slow)])
def test_amid_requests_a_change_holds_from_its_acknowledgement_on(server, of, change, before, after, count):
    _, url = server
    name = f"ana-{next(iter(change)).replace('_', '-')}-{count}"
    asked = {"Authorization": f"Bearer {tokens(of, 'analyst', username=name).access}"}
    admin = {"Authorization": f"Bearer {tokens(of, 'admin', username='chief').access}"}
    question = {"metrics": ["net_units", "margin"], "dimensions": ["country"], "days": 445}
    first, acknowledged, wrong = threading.Event(), [], []

    def decide() -> None:
        first.wait(30)
        time.sleep(0.5)
        answer = httpx2.patch(f"{url}/api/users/{name}/", json=change, headers=admin, trust_env=False)
        assert answer.status_code == 200
        acknowledged.append(time.monotonic())

    def ask(client: httpx2.Client) -> httpx2.Response:
        began, is_known = time.monotonic(), bool(acknowledged)
        answer = client.post(QUERY, json=question, headers=asked)
        if is_known and answer.status_code == 200 and answer.json()["data"]["rows"]:
            wrong.append(began)
        return answer

    deciding = threading.Thread(target=decide)
    deciding.start()
    answers = asking(url, count, first, ask, a_second=100)
    deciding.join()

    assert before in answers.before(acknowledged[0])
    assert answers.after(acknowledged[0]) == {after}
    assert wrong == []
