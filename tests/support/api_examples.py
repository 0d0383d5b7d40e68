"""The examples of docs/api.md: every request is followed by what the API over the small star answers to it.

python tests/support/api_examples.py writes them anew.
"""

import json
import re
import sys
import tempfile
from decimal import Decimal
from pathlib import Path

import orjson
from fastapi.testclient import TestClient
from signed_in import bearer
from small_star import published_once

from api.app import create_app
from jobs_config.state import StateFolder

DOCUMENT = Path(__file__).parents[2] / "docs" / "api.md"
EXAMPLE = re.compile(
    r"(```http\n(?P<method>GET|POST) (?P<path>\S+)\n(?P<body>[^`]*)```\n\n```json\n).*?(```)", re.DOTALL
)


def with_answers(text: str, viewer: TestClient, analyst: TestClient) -> str:
    """The document with every example's answer in its place; what has a body only analysts may ask."""

    def answered(match: re.Match[str]) -> str:
        headers = {"X-Request-ID": "an-example", "Content-Type": "application/json"}
        asked_by = analyst if match["body"] else viewer
        answer = asked_by.request(match["method"], match["path"], content=match["body"] or None, headers=headers)
        # Money keeps its two decimals: numbers are shown digit by digit, as they came.
        body = json.loads(answer.text, parse_float=Decimal)
        shown = orjson.dumps(body, default=lambda number: orjson.Fragment(str(number)), option=orjson.OPT_INDENT_2)
        return f"{match[1]}{shown.decode()}\n{match[5]}"

    return EXAMPLE.sub(answered, text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(StateFolder(published_once(Path(folder)).parent))
        viewer, analyst = (
            TestClient(app, base_url="http://127.0.0.1:8600", headers=bearer(app.state.authority, role))
            for role in ("viewer", "analyst")
        )
        DOCUMENT.write_text(with_answers(DOCUMENT.read_text(), viewer, analyst))
    sys.stdout.write(f"{DOCUMENT}\n")
