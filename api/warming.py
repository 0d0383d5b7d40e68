"""After a publication the dashboard's own questions are asked before its readers ask them."""

import logging
import threading
from collections import OrderedDict
from datetime import date

from api.answers import Answers
from api.cache import AnswerCache
from api.params import DEFAULT_DAYS, PLACES
from api.view import View
from api.windows import Window
from jobs_config.log_setup import log_event
from warehouse.events import plan_events
from warehouse.publication import NoPublicationError
from warehouse.ranking import BOOK_DIMENSIONS
from warehouse.warehouses import Warehouse

POLL_SECONDS = 2.0
MOST_VIEWS = 16
# What the overview shows, as it is opened first.
TILES = (
    "net_revenue", "net_units", "average_selling_price", "return_rate", "orders", "active_titles", "frontlist_share",
)  # fmt: skip
MEASURE, BOOKS, MOVERS, MOST_SCORED, MOST_MEMBERS = "net_revenue", 10, 5, 100, 1_000
SCORED = ("channel", "format")
LISTED = ("country", "region", "channel", "genre", "subgenre", "format", "publisher", "source")

logger = logging.getLogger(__name__)


class Warmer:
    """Knows which views are in use, and asks for each of them once a new publication serves."""

    def __init__(self, warehouse: Warehouse, cache: AnswerCache) -> None:
        self._warehouse = warehouse
        self._cache = cache
        self._views: OrderedDict[str, View] = OrderedDict()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._warmed = 0
        self._thread: threading.Thread | None = None

    def seen(self, view: View) -> None:
        """Somebody of that view has asked."""
        with self._lock:
            self._views[view.key] = view
            self._views.move_to_end(view.key)
            if len(self._views) > MOST_VIEWS:
                self._views.popitem(last=False)

    def start(self) -> None:
        """Look for new publications until `stop`; not in a warehouse that is paid for by the second."""
        if self._warehouse.is_remote:
            return
        self._thread = threading.Thread(target=self._watch, name="warming", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def warm(self) -> bool:
        """Ask the dashboard's questions of a publication that is new; whether there was one."""
        try:
            reading = self._warehouse.current()
        except NoPublicationError:
            return False
        number = reading.publication.generation
        if number == self._warmed:
            return False
        with self._lock:
            views = list(self._views.values())
        for view in views:
            ask_as_the_dashboard(Answers(reading, self._cache, view))
        self._warmed = number
        log_event(logger, "api.warmed", publication=number, views=len(views))
        return True

    def _watch(self) -> None:
        while not self._stopped.wait(POLL_SECONDS):
            try:
                self.warm()
            except Exception:
                logger.exception("api.not_warmed")


def ask_as_the_dashboard(answers: Answers) -> None:
    """What the overview asks for when it is opened."""
    last: date | None = answers.publication.data_through
    if last is None:
        return
    window = Window(last, last).grown_to(DEFAULT_DAYS)
    before = window.before()
    for days in (window, before):
        answers.metrics(days, {})
        answers.series(days, "day", TILES, {})
        answers.members_of(days, (), (MEASURE,), {})
        for by in SCORED:
            answers.members_of(days, PLACES[by], (MEASURE,), {})
    for by in SCORED:
        answers.breakdown(window, PLACES[by], (MEASURE,), MOST_SCORED, {})
    for dimensions in (PLACES["genre"], PLACES["region"], BOOK_DIMENSIONS):
        answers.movement(window, before, dimensions, MEASURE, MOVERS, {})
    books = answers.ranking(window, BOOK_DIMENSIONS, MEASURE, BOOKS, 0, {})["rows"]
    answers.previous(books, before, BOOK_DIMENSIONS, {})
    answers.looked_up(plan_events(window.first, window.until))
    for name in LISTED:
        answers.members(name, MOST_MEMBERS + 1)
