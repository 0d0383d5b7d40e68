"""A selection is what its link says, and a link that says something else is answered in words."""

from datetime import date

import pytest

from streamlit_app.selection import Selection, read, with_members

NOVEMBER = date(2024, 11, 1), date(2024, 11, 30)


@pytest.mark.parametrize(
    ("selection", "link"),
    [
        (Selection(), {}),
        (Selection(range="90d", interval="week"), {"range": ["90d"], "interval": ["week"]}),
        (Selection(compare="none", measure="net_units"), {"compare": ["none"], "measure": ["net_units"]}),
        (
            Selection(range="custom", first=NOVEMBER[0], last=NOVEMBER[1]),
            {"range": ["custom"], "from": ["2024-11-01"], "until": ["2024-11-30"]},
        ),
        (
            Selection(filters={"genre": ("Fiction", "A & B = C?"), "country": ("Germany",)}),
            {"country": ["Germany"], "genre": ["Fiction", "A & B = C?"]},
        ),
    ],
    ids=["defaults are left out", "a range", "nothing to compare with is no default", "own days", "filters"],
)
def test_a_link_says_a_selection_and_is_read_as_it(selection, link):
    assert selection.parameters == link
    assert read(link) == (selection, [])


def test_days_without_a_range_are_own_days():
    selection, refused = read({"from": ["2024-11-01"], "until": ["2024-11-30"]})

    assert (selection.range, selection.first, selection.last) == ("custom", *NOVEMBER)
    assert refused == []


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ({"range": ["*Fortnight*<b>"]}, r"The link asks for range “\*Fortnight\*\<b\>”; there are 7d, 30d"),
        ({"compare": [""]}, "The link asks for compare “”; there are previous_period"),
        ({"from": ["soon"]}, "The link says from “soon”, which is no day; write it as 2025\\-12\\-31."),
        ({"from": ["20250101"]}, "The link says from “20250101”, which is no day"),
        ({"until": ["1066-10-14"]}, r"The link says until “1066\-10\-14”, which is no day"),
        ({"colour": ["blue"]}, "The link says “colour”, which means nothing here."),
    ],
    ids=["no choice", "an empty choice", "no day", "a day in another form", "a day out of range", "no parameter"],
)
def test_a_part_that_means_nothing_is_said_in_words_that_cannot_be_markup_and_left_out(link, said):
    selection, refused = read(link)

    assert selection == Selection()
    assert len(refused) == 1
    assert refused[0].startswith(said.replace("2025\\-12\\-31", "2025-12-31"))


def test_parameters_of_a_page_are_no_fault():
    assert read({"isbn": ["9780000000001"], "print": ["1"]}, ("isbn", "print")) == (Selection(), [])


def test_values_that_are_no_members_are_left_out_and_said():
    chosen = Selection(filters={"genre": ("Fiction", "Alchemy"), "author": ("Nobody",)})

    selection, refused = with_members(chosen, {"genre": ["Children", "Fiction"]})

    assert selection.filters == {"genre": ("Fiction",), "author": ("Nobody",)}
    assert refused == ["There is no genre “Alchemy”, or not for you; it is left out."]


def test_a_filter_is_replaced_taken_away_by_value_and_as_a_whole():
    chosen = Selection(filters={"genre": ("Fiction", "Children")})

    assert chosen.narrowed(genre="Education").filters == {"genre": ("Education",)}
    assert chosen.without("genre", "Fiction").filters == {"genre": ("Children",)}
    assert chosen.narrowed(genre=()).filters == {}
    assert chosen.filters == {"genre": ("Fiction", "Children")}


def test_only_one_value_of_a_filter_is_a_place_to_drill_from():
    assert Selection(filters={"genre": ("Fiction",)}).only("genre") == "Fiction"
    assert Selection(filters={"genre": ("Fiction", "Children")}).only("genre") == ""
    assert Selection().only("genre") == ""
