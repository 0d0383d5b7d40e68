"""Streamlit's assets on their way to a browser: compressed once, and nothing else."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from streamlit_app.packed import PackedAssets

SCRIPT = b"const word = 'sales';\n" * 1_000
asked: list[str] = []


async def script(request):
    asked.append(request.url.path)
    kind = "image/png" if request.url.path.endswith(".png") else "text/javascript; charset=utf-8"
    status = 404 if request.url.path.endswith("gone.js") else 200
    return PlainTextResponse(SCRIPT, status, {"Cache-Control": "public, immutable", "ETag": '"a"'}, kind)


@pytest.fixture
def assets():
    asked.clear()
    routes = [Route("/{path:path}", script)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(PackedAssets)]), base_url="http://127.0.0.1:8601")


def test_an_asset_is_compressed_once_and_the_same_when_unpacked(assets):
    answers = [assets.get("/static/js/index.js", headers={"Accept-Encoding": "gzip, br"}) for _ in range(3)]

    assert {answer.content for answer in answers} == {SCRIPT}
    assert all(int(answer.headers["content-length"]) < len(SCRIPT) / 3 for answer in answers)
    assert all(answer.headers["content-encoding"] == "gzip" for answer in answers)
    assert (
        answers[0].headers["cache-control"] == "public, immutable" and answers[0].headers["vary"] == "Accept-Encoding"
    )
    assert asked == ["/static/js/index.js"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/index.js", {"Accept-Encoding": "identity"}),
        ("/static/js/index.js", {"Accept-Encoding": "gzip", "Range": "bytes=0-9"}),
        ("/static/js//index.js", {"Accept-Encoding": "gzip"}),
        ("/static/media/cover.png", {"Accept-Encoding": "gzip"}),
        ("/static/js/gone.js", {"Accept-Encoding": "gzip"}),
        ("/overview", {"Accept-Encoding": "gzip"}),
    ],
    ids=["who takes none", "a part", "another spelling", "a picture", "a failure", "what is no asset"],
)
def test_anything_else_goes_out_as_it_is(assets, path, headers):
    answer = assets.get(path, headers=headers)

    assert answer.content == SCRIPT and "content-encoding" not in answer.headers
