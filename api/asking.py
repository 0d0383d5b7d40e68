"""One analytics request from beginning to end: which publication, what the caller may see, what it is about, and the answer."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fastapi import Request, Response

from api.answers import Answers, Compared, Filters, Metrics
from api.audited import Note
from api.callers import caller_of
from api.params import FilteredQuery, WindowQuery
from api.reading import reading_of
from api.rendering import JSON, accepted, render, render_table
from api.view import view_of
from warehouse.publication import Publication

# Changes when the same question is answered in another form.
VERSION = 1


class NotModifiedError(Exception):
    """The caller has the answer already."""

    def __init__(self, etag: str) -> None:
        super().__init__(etag)
        self.etag = etag


def etag_of(request: Request, media_type: str, publication: int, view: str) -> str:
    """What an answer can be told by: all that it depends on. Empty for a request that is not a GET."""
    if request.method != "GET":
        return ""
    parts = (VERSION, publication, view, media_type, request.url.path, request.url.query)
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


def kept_by(etag: str) -> dict[str, str]:
    """Headers that let the caller keep an answer, and ask each time whether it still holds."""
    return {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Authorization, Accept"} if etag else {}


def _known_to(request: Request) -> list[str]:
    given = ",".join(request.headers.getlist("if-none-match"))
    return [tag.strip().removeprefix("W/") for tag in given.split(",")] if given else []


class Asking:
    """Answers from one publication. Raises PublicationGoneError where the request pins one that is not kept."""

    def __init__(self, request: Request, query: WindowQuery, pinned: int | None) -> None:
        self._media_type = accepted(request)
        self._note: Note = request.state.note
        reading = reading_of(request, pinned)
        view = view_of(caller_of(request))
        self._etag = etag_of(request, self._media_type, reading.publication.generation, view.key)
        if self._etag in _known_to(request):
            raise NotModifiedError(self._etag)
        request.app.state.warmer.seen(view)
        self.answers = Answers(reading, request.app.state.cache, view)
        self.filters: Filters = query.filters if isinstance(query, FilteredQuery) else {}
        self.answers.check(self.filters)
        self.window = self.answers.window(query)

    def respond(
        self,
        name: str,
        data: object,
        rows: Callable[[], Sequence[Metrics]],
        interval: str | None = None,
        compared: Compared | None = None,
        following: int | None = None,
    ) -> Response:
        """The answer in the type that was asked for, with what it is about; `rows` are those of a table."""
        answers = self.answers
        self._note.says(answers.columns, answers.row_count, answers.publication.generation)
        about = self._about(interval, compared, following)
        version = str(self.answers.publication.generation)
        if self._media_type == JSON:
            response = render({"data": data, "meta": about})
        else:
            file = f"{name}_{self.window.first}_{self.window.last}"
            response = render_table(self._media_type, file, rows(), in_cells(about))
        response.headers.update({"X-Data-Version": version, **kept_by(self._etag)})
        return response

    def _about(self, interval: str | None, compared: Compared | None, following: int | None) -> Metrics:
        publication, window, answers = self.answers.publication, self.window, self.answers
        return {
            "from": window.first,
            "until": window.last,
            "days": window.day_count,
            "interval": interval,
            "filters": self.filters,
            "scope": {"regions": answers.view.scope.regions, "publishers": answers.view.scope.publishers},
            "is_complete": answers.has_data_through(window.last),
            "comparison": self._comparison(compared) if compared else None,
            "next": following,
            **answered_from(publication, answers.tables),
        }

    def _comparison(self, compared: Compared) -> dict[str, Any]:
        data_from, window = self.answers.publication.data_from, compared.window
        return {
            "kind": compared.kind,
            "from": window.first,
            "until": window.last,
            "is_like_for_like": compared.is_cut,
            "is_complete": data_from is not None
            and data_from <= window.first
            and self.answers.has_data_through(window.last),
        }


def answered_from(publication: Publication, tables: Iterable[str]) -> Metrics:
    """What every answer says of the publication, and of the tables that gave it."""
    return {
        "data_from": publication.data_from,
        "data_through": publication.data_through,
        "loaded_at": publication.published_at,
        "publication": publication.generation,
        "currency": publication.reporting_currency,
        "time_zone": publication.time_zone,
        "answered_by": list(tables),
    }


def in_cells(about: Metrics) -> Metrics:
    """What a table is about in one cell each; what only a program needs is left to JSON."""
    left_out = ("days", "interval", "comparison", "answered_by", "next")
    cells = {name: value for name, value in about.items() if name not in left_out}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in cells.items()}
