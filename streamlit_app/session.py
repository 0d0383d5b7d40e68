"""Whose page this is: the client of whoever has signed in with this browser. Their tokens never reach the browser."""

import streamlit as st

from api.client import Client
from streamlit_app.door import COOKIES, PATH
from streamlit_app.sign_ins import SIGN_INS

NOT_SIGNED_IN = "not-signed-in"

# Nothing of a user's stands in it; the address that it hands on is the browser's own.
TO_SIGN_IN = f"""
<p>You are signed out. <a href="{PATH}">Sign in</a></p>
<script>
  location.replace("{PATH}?ended=1&next=" + encodeURIComponent(location.pathname + location.search))
</script>
"""


def client() -> Client | None:
    """The client of whoever has signed in here, found by the cookie that this tab came with; asked anew with each click."""
    cookies = st.context.cookies
    return SIGN_INS.find(next((cookies[name] for name in COOKIES if name in cookies), ""))


def require() -> Client:
    """The signed-in client; where there is none, the page leads to the form to sign in, and back."""
    found = client()
    if found is None:
        st.html(TO_SIGN_IN, unsafe_allow_javascript=True)
        st.stop()
    return found


def forget() -> None:
    """Nobody is signed in here any more: the API has said so."""
    sign_out()


def sign_out() -> None:
    """End the session, at the API too, in every tab of this browser."""
    found = client()
    if found is not None:
        SIGN_INS.end(found)
