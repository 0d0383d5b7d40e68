"""Accounts, for administrators: the list, and forms to add, change and reset one. A password that was made is shown once."""

from collections.abc import Callable, Sequence

import streamlit as st

from api.client import ApiError, NewUser, User
from streamlit_app import session, words
from streamlit_app.visit import Visit

ROLES = ("viewer", "analyst", "engineer", "admin")
OUTCOME = "_account_outcome"
SCOPE_HELP = "One a line: `Country` or `Country / Region`. Empty: not narrowed."
PUBLISHER_HELP = "One a line: `Publisher` or `Publisher / Imprint`. Empty: not narrowed."


def draw(visit: Visit) -> None:
    """Draw the list and the forms."""
    _outcome()
    users = visit.client.users()
    st.dataframe([_row(user) for user in users], hide_index=True, alt=f"{len(users)} accounts", key="users_table")
    left, right = st.columns(2)
    with left:
        _add(visit)
    with right:
        _change(visit, users)


def _add(visit: Visit) -> None:
    with st.form("add-user", clear_on_submit=True):
        st.subheader("Add a user", anchor=False)
        username = st.text_input("Name", autocomplete="off", key="new-username")
        role = st.selectbox("Role", ROLES, key="new-role")
        regions = st.text_area("Regions", help=SCOPE_HELP, height=80, key="new-regions")
        publishers = st.text_area("Publishers", help=PUBLISHER_HELP, height=80, key="new-publishers")
        if st.form_submit_button("Add", type="primary", icon=":material/person_add:"):
            _do(lambda: _told(visit.client.add_user(username, role, _lines(regions), _lines(publishers)), "added"))


def _change(visit: Visit, users: Sequence[User]) -> None:
    by_name = {user["username"]: user for user in users}
    chosen = st.selectbox("User to change", list(by_name), key="changed-user")
    user = by_name[chosen]
    # Keys hold the name, so that the form of one user never keeps what was typed for another.
    with st.form(f"change-user-{chosen}"):
        role = st.selectbox("Role", ROLES, index=ROLES.index(user["role"]), key=f"role-{chosen}")
        regions = st.text_area(
            "Regions", "\n".join(user["regions"]), help=SCOPE_HELP, height=80, key=f"regions-{chosen}"
        )
        publishers = st.text_area(
            "Publishers", "\n".join(user["publishers"]), help=PUBLISHER_HELP, height=80, key=f"publishers-{chosen}"
        )
        is_disabled = st.toggle("Disabled", user["is_disabled"], key=f"disabled-{chosen}")
        if st.form_submit_button("Save", type="primary", icon=":material/save:"):
            changes: dict[str, str | bool | Sequence[str]] = {
                "role": role,
                "regions": _lines(regions),
                "publishers": _lines(publishers),
                "is_disabled": is_disabled,
            }
            _do(
                lambda: (
                    f"{visit.client.change_user(chosen, **changes)['username']} is changed, from their next click on."
                )
            )
    if st.button("Make another password", icon=":material/key:", key=f"reset-{chosen}"):
        _do(lambda: _told(visit.client.reset_user(chosen), "signed out everywhere"))


def _told(user: NewUser, what: str) -> str:
    return f"{user['username']} is {what}. The password, shown this once: {user['password']}"


def _do(change: Callable[[], str]) -> None:
    """Make a change and draw the page anew with what came of it; a refusal is said in the API's words."""
    try:
        st.session_state[OUTCOME] = ("done", change())
    except ApiError as error:
        if error.kind == session.NOT_SIGNED_IN:
            raise
        st.session_state[OUTCOME] = ("refused", str(error))
    st.rerun()


def _outcome() -> None:
    kind, said = st.session_state.pop(OUTCOME, ("", ""))
    if kind == "done":
        st.success(words.escaped(said), icon=":material/check_circle:")
    elif kind == "refused":
        st.error(words.escaped(said), title="Nothing is changed", icon=":material/block:")


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _row(user: User) -> dict[str, str]:
    return {
        "User": user["username"],
        "Role": user["role"],
        "State": "disabled" if user["is_disabled"] else "active",
        "Regions": ", ".join(user["regions"]) or "all",
        "Publishers": ", ".join(user["publishers"]) or "all",
        "Since": words.moment(user["created_at"]),
    }
