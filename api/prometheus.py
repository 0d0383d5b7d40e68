"""What Prometheus is told: requests, their time, what is going on, and the cache."""

import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from starlette.types import Scope

from api.cache import AnswerCache

BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
# Where several processes leave their numbers, so that whichever is asked can tell those of all.
SHARED = "PROMETHEUS_MULTIPROC_DIR"


class Measures:
    """The numbers of one process, or with SHARED of all."""

    def __init__(self, cache: AnswerCache) -> None:
        self._registry = CollectorRegistry()
        self._cache = cache
        more: dict[str, Any] = {"registry": self._registry, "namespace": "booksales"}
        labels = ["endpoint", "method", "status"]
        self._requests = Counter("api_requests", "Requests answered", labels, **more)
        self._seconds = Histogram(
            "api_request_seconds", "Seconds until answered", ["endpoint"], buckets=BUCKETS, **more
        )
        self.running = Gauge("api_requests_running", "Requests going on", multiprocess_mode="livesum", **more)
        self._hits = Gauge("api_cache_hits", "Answers found in the cache", multiprocess_mode="sum", **more)
        self._misses = Gauge("api_cache_misses", "Answers asked of the warehouse", multiprocess_mode="sum", **more)
        self._bytes = Gauge("api_cache_bytes", "Bytes of kept answers", multiprocess_mode="livesum", **more)

    def request(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request. Only names that we have given are labels."""
        endpoint = scope["state"]["endpoint"] or "none"
        method = scope["method"] if scope["method"] in ("GET", "POST", "PATCH") else "other"
        self._requests.labels(endpoint, method, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)

    def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        self._hits.set(self._cache.counts.hits)
        self._misses.set(self._cache.counts.misses)
        self._bytes.set(self._cache.bytes_used)
        if not os.environ.get(SHARED):
            return generate_latest(self._registry)
        everybody = CollectorRegistry()
        multiprocess.MultiProcessCollector(everybody)
        return generate_latest(everybody)
