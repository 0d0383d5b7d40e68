"""Whose page this is: a session of the API per browser tab, kept by the server and never sent to the browser."""

import streamlit as st

from api.client import ApiError, Client
from streamlit_app import messages, words
from streamlit_app.address import api_url

KEY = "_client"
NOT_SIGNED_IN = "not-signed-in"


def client() -> Client | None:
    """The client of whoever has signed in here."""
    found: Client | None = st.session_state.get(KEY)
    return found


def require() -> Client:
    """The signed-in client; where there is none, the page is the form to sign in."""
    found = client()
    if found is None:
        _form()
        st.stop()
    return found


def forget() -> None:
    """Nobody is signed in here any more."""
    st.session_state.pop(KEY, None)


def sign_out() -> None:
    """End the session, at the API too."""
    found = client()
    forget()
    if found is not None:
        try:
            found.sign_out()
        except ApiError:
            return
        finally:
            found.close()


def _form() -> None:
    st.title("Book sales", anchor=False)
    with st.form("sign-in", width=420):
        username = st.text_input("User", autocomplete="username")
        password = st.text_input("Password", type="password", autocomplete="current-password")
        is_sent = st.form_submit_button("Sign in", type="primary")
    if is_sent:
        _sign_in(username, password)


def _sign_in(username: str, password: str) -> None:
    new = Client(api_url())
    try:
        new.sign_in(username, password)
    except ApiError as error:
        new.close()
        if error.status in (401, 422, 429):
            st.error(words.escaped(str(error)), title="You are not signed in", icon=":material/lock:")
        else:
            messages.failure(error)
        return
    st.session_state[KEY] = new
    st.rerun()
