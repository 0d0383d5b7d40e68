"""The examples of docs/api.md: every `GET` block is followed by what the API over the small star answers to it.

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
EXAMPLE = re.compile(r"(```http\nGET (?P<path>\S+)\n```\n\n```json\n).*?(```)", re.DOTALL)


def with_answers(text: str, api: TestClient) -> str:
    """The document with every example's answer in its place."""

    def answered(match: re.Match[str]) -> str:
        answer = api.get(match["path"], headers={"X-Request-ID": "an-example"})
        # Money keeps its two decimals: numbers are shown digit by digit, as they came.
        body = json.loads(answer.text, parse_float=Decimal)
        shown = orjson.dumps(body, default=lambda number: orjson.Fragment(str(number)), option=orjson.OPT_INDENT_2)
        return f"{match[1]}{shown.decode()}\n{match[3]}"

    return EXAMPLE.sub(answered, text)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(StateFolder(published_once(Path(folder)).parent))
        viewer = TestClient(app, base_url="http://127.0.0.1:8600", headers=bearer(app.state.authority))
        DOCUMENT.write_text(with_answers(DOCUMENT.read_text(), viewer))
    sys.stdout.write(f"{DOCUMENT}\n")
