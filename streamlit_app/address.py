"""Where the API is: one variable of the environment, set by whoever starts the dashboard."""

import os

URL_VARIABLE = "BOOKSALES_API_URL"
DEFAULT_URL = "http://127.0.0.1:8600"


def api_url() -> str:
    """The API's address."""
    return os.environ.get(URL_VARIABLE) or DEFAULT_URL
