"""Answers of the API, kept by address, view and publication, so that no page mixes two and nobody sees another's."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import streamlit as st

from api.client import Client
from streamlit_app.questions import Answer, Question

MOST_KEPT = 2_000
AT_ONCE = 8

Key = tuple[str, str, int, str]


class Kept:
    """The answers used last. They are shared by all sessions of one view: nobody may change them."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._answers: OrderedDict[Key, Any] = OrderedDict()
        self._lock = threading.Lock()
        self._most = most

    def find(self, key: Key) -> Any:
        """The answer, or None."""
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
            return self._answers.get(key)

    def put(self, key: Key, answer: Any) -> None:
        """Keep an answer, and drop the one that was used longest ago where there are too many."""
        with self._lock:
            self._answers[key] = answer
            if len(self._answers) > self._most:
                self._answers.popitem(last=False)


@st.cache_resource(show_spinner=False)
def kept() -> Kept:
    """The answers that this process keeps."""
    return Kept()


class Answers:
    """What was asked together, by question."""

    def __init__(self, found: dict[Question[Any], Any]) -> None:
        self._found = found

    def __getitem__(self, question: Question[Answer]) -> Answer:
        answer: Answer = self._found[question]
        return answer


def ask(client: Client, url: str, view: str, publication: int, questions: Sequence[Question[Any]]) -> Answers:
    """Ask in parallel what is not known yet. Raises ApiError, of kind `publication-gone` where the page must start over.

    `view` is the same for all who see the same, so what is kept for one is right for the other.
    """
    store = kept()
    keys = {question: (url, view, publication, question.path) for question in questions}
    found = {question: store.find(key) for question, key in keys.items()}
    missing = [question for question, answer in found.items() if answer is None]
    if missing:
        with ThreadPoolExecutor(min(AT_ONCE, len(missing))) as pool:
            asked = [pool.submit(client.answer, each.name, dict(each.parameters), publication) for each in missing]
            for question, answer in zip(missing, asked, strict=True):
                found[question] = answer.result()
                store.put(keys[question], found[question])
    return Answers(found)
