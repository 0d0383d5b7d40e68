"""One reader's session with the dashboard: a websocket with the messages of Streamlit 1.67's own page, without a browser.

Times are from the message that is sent to the last element that comes back, in seconds.
"""

import asyncio
import http.client
import time
from urllib.parse import urlencode, urlsplit

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

LONGEST_SECONDS = 120


class SessionError(Exception):
    """The dashboard did not sign in, did not answer in time, or drew a page without what was to be changed."""


def sign_in(url: str, username: str, password: str) -> str:
    """The cookie of somebody who signs in by the form."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=LONGEST_SECONDS)
    form = urlencode({"username": username, "password": password, "next": "/"})
    headers = {"Origin": url, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/sign-in", form, headers)
    cookie = connection.getresponse().getheader("Set-Cookie") or ""
    connection.close()
    if not cookie:
        raise SessionError(f"{username} cannot sign in at {url}")
    return cookie.partition(";")[0]


class Session:
    """A tab. `received` are the bytes that came, `elements` how many elements the last run drew."""

    def __init__(self, url: str, cookie: str) -> None:
        self._url = url
        self._cookie = cookie
        self._socket: ClientConnection | None = None
        self._widgets: dict[str, str] = {}
        self._query = ""
        self._said: list[str] = []
        self.received = 0
        self.elements = 0

    async def open(self, query: str = "") -> float:
        """Connect and let the page be drawn for the first time."""
        began = time.perf_counter()
        address = self._url.replace("http", "ws", 1) + "/_stcore/stream"
        self._socket = await connect(
            address,
            additional_headers={"Cookie": self._cookie},
            origin=Origin(self._url),
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
            proxy=None,
        )
        self._query = query
        await self._run()
        return time.perf_counter() - began

    async def choose(self, key: str, option: str) -> float:
        """Choose in a list as a reader does, and let the page be drawn anew."""
        if key not in self._widgets:
            raise SessionError(f"the page has no list {key!r}; it says {'; '.join(self._said) or 'nothing'}")
        began = time.perf_counter()
        states = WidgetStates()
        states.widgets.add(id=self._widgets[key], string_value=option)
        await self._run(states)
        return time.perf_counter() - began

    async def close(self) -> None:
        """Close the tab."""
        if self._socket is not None:
            await self._socket.close()

    async def _run(self, states: WidgetStates | None = None) -> None:
        assert self._socket is not None
        message = BackMsg()
        message.rerun_script.query_string = self._query
        if states is not None:
            message.rerun_script.widget_states.CopyFrom(states)
        message.rerun_script.SetInParent()
        await self._socket.send(message.SerializeToString())
        self.elements, self._said = 0, []
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                while not self._ends(await self._socket.recv()):
                    pass
        except TimeoutError as error:
            raise SessionError(f"no page within {LONGEST_SECONDS} s") from error

    def _ends(self, data: str | bytes) -> bool:
        """Whether the message is the last of a run."""
        assert isinstance(data, bytes)
        self.received += len(data)
        message = ForwardMsg.FromString(data)
        kind = message.WhichOneof("type")
        if kind == "delta":
            self._see(message)
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        return kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY

    def _see(self, message: ForwardMsg) -> None:
        self.elements += 1
        element = message.delta.new_element
        if element.WhichOneof("type") == "alert":
            self._said.append(f"{element.alert.title} {element.alert.body}")
        if element.WhichOneof("type") == "selectbox":
            # The id ends in the widget's key.
            self._widgets[element.selectbox.id.rpartition("-bar-")[2]] = element.selectbox.id
