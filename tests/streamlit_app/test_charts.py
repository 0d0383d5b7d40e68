from datetime import date, timedelta

import plotly.graph_objects as go
import pytest

from streamlit_app import palette
from streamlit_app.charts.bars import bars, columns, movements
from streamlit_app.charts.calendar import calendar, week_profile
from streamlit_app.charts.launch import launch
from streamlit_app.charts.trend import lines, trend


def bucket(start, value, is_complete=True):
    return {"start": start, "end": start, "is_complete": is_complete, "metrics": {"net_revenue": value}}


WEEKS = [
    bucket("2025-03-02", 10.0, is_complete=False),
    bucket("2025-03-09", 30.0),
    bucket("2025-03-16", 20.0),
    bucket("2025-03-23", 5.0, is_complete=False),
]


def test_finished_buckets_are_a_solid_line_and_unfinished_ones_a_dotted_one_named_in_words():
    finished, unfinished = trend(WEEKS, "net_revenue", "Net revenue", "week")["data"]

    assert (finished["name"], finished["line"]["dash"]) == ("Net revenue", "solid")
    assert finished["y"] == [None, 30.0, 20.0, None]
    assert (unfinished["name"], unfinished["line"]["dash"]) == ("unfinished week", "dot")
    assert unfinished["y"] == [10.0, 30.0, 20.0, 5.0]
    assert finished["line"]["color"] == unfinished["line"]["color"]


def test_dots_reach_to_their_neighbours_only():
    weeks = [bucket(f"2025-01-{day:02d}", 1.0) for day in (5, 12, 19)] + [bucket("2025-01-26", 1.0, is_complete=False)]

    _, unfinished = trend(weeks, "net_revenue", "Net revenue", "week")["data"]

    assert unfinished["y"] == [None, None, 1.0, 1.0]


def test_without_an_unfinished_bucket_there_is_one_line_and_no_legend():
    figure = trend(WEEKS[1:3], "net_revenue", "Net revenue", "week")

    assert len(figure["data"]) == 1
    assert figure["layout"]["showlegend"] is False


def test_a_bucket_without_a_value_is_drawn_as_zero():
    figure = trend([bucket("2025-03-01", None)], "net_revenue", "Net revenue", "day")

    assert figure["data"][0]["y"] == [0.0]


def test_bars_stand_in_order_each_with_its_label_and_value():
    figure = bars(["First", "Second"], [3.0, -1.0], ["3", "−1"])

    trace, layout = figure["data"][0], figure["layout"]
    assert layout["yaxis"]["ticktext"] == ["First", "Second"]
    assert trace["text"] == ["3", "−1"]
    assert trace["y"] == [0, 1]
    assert layout["xaxis"]["range"] == [-1.0, 3.0]
    assert layout["yaxis"]["range"][0] > layout["yaxis"]["range"][1]  # the first is on top


def test_html_in_a_title_is_text_not_markup():
    figure = bars(["<b>Cats</b> & <a href='x'>dogs</a>"], [1.0], ["<i>1</i>"])

    shown = [*figure["layout"]["yaxis"]["ticktext"], *figure["data"][0]["text"], *figure["data"][0]["hovertext"]]
    assert not [text for text in shown if "<" in text]


def test_what_was_is_a_dashed_line_over_what_is_with_its_name_in_words():
    before = [bucket("2024-03-02", 7.0), bucket("2024-03-09", 8.0), bucket("2024-03-16", 9.0)]

    first, second = trend(WEEKS[1:3], "net_revenue", "Net revenue", "week", before, "the week before")["data"]

    assert (first["name"], first["line"]["dash"], second["line"]["dash"]) == ("the week before", "dash", "solid")
    assert first["x"] == second["x"] == ["2025-03-09", "2025-03-16"]
    assert first["y"] == [7.0, 8.0]


def test_events_are_named_and_where_there_are_many_the_main_ones_alone():
    few = {"2025-03-10": "Some <b>feast</b>", "2025-03-12": "Easter Sunday"}
    many = {f"2025-03-{day:02d}": "Some feast" for day in range(1, 12)} | {"2025-04-20": "Easter Sunday"}

    named = [note["text"] for note in trend(WEEKS, "net_revenue", "x", "week", events=few)["layout"]["annotations"]]
    assert named == ["Some &lt;b&gt;feast&lt;/b&gt;", "Easter Sunday"]
    assert [
        note["text"] for note in trend(WEEKS, "net_revenue", "x", "week", events=many)["layout"]["annotations"]
    ] == ["Easter Sunday"]


def test_members_over_time_are_told_apart_by_dash_and_colour():
    traces = lines({name: WEEKS[1:3] for name in ("A", "B", "C")}, "net_revenue", "week")["data"]

    assert len({trace["line"]["dash"] for trace in traces}) == len({trace["line"]["color"] for trace in traces}) == 3


def test_gains_and_losses_go_to_both_sides_with_their_values_beside_the_labels():
    figure = movements(["A", "B" * 30], [3.0, -9.0], ["+3", "−9"])

    assert figure["data"][0]["marker"]["color"] == [palette.GAIN, palette.LOSS]
    assert figure["layout"]["xaxis"]["range"] == [-9.0, 3.0]
    assert figure["layout"]["yaxis"]["ticktext"] == ["A  +3", f"{'B' * 21}…  −9"]
    assert figure["data"][0]["text"] == ["", ""]


def test_a_calendar_has_a_row_per_weekday_from_the_day_that_weeks_begin_on():
    days = [(date(2025, 3, 15) + timedelta(days=number), float(number), f"day {number}") for number in range(3)]

    (trace,) = calendar(days, week_start=6)["data"]

    assert trace["y"] == ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    assert trace["x"] == ["2025-03-09", "2025-03-16"]
    assert [row[0] for row in trace["z"]] == [None, None, None, None, None, None, 0.0]
    assert [row[1] for row in trace["z"]] == [1.0, 2.0, None, None, None, None, None]


def test_a_launch_is_a_line_of_whole_weeks_in_the_band_of_books_like_it():
    weeks = [{"week": week, "is_complete": week < 3, "net_units": 10 * week} for week in (1, 2, 3)]
    like = [{"week": week, "book_count": 5, "lower": 1.0, "median": 2.0, "upper": 4.0} for week in (1, 2)]

    upper, lower, middle, book = launch(weeks, like)["data"]

    assert (upper["y"], lower["y"], middle["y"]) == ([4.0, 4.0], [1.0, 1.0], [2.0, 2.0])
    assert lower["fill"] == "tonexty"
    assert (book["x"], book["y"]) == ([1, 2], [10, 20])


@pytest.mark.parametrize(
    "figure",
    [
        trend(WEEKS, "net_revenue", "Net revenue", "week"),
        trend([], "net_revenue", "Net revenue", "year"),
        bars(["A"], [1.0], ["1"]),
        bars([], [], []),
        trend(WEEKS, "net_revenue", "x", "week", WEEKS, events={"2025-03-10": "Feast"}),
        lines({"A": WEEKS}, "net_revenue", "week"),
        movements(["A"], [-1.0], ["−1"]),
        columns(["0–5"], [1.0], ["1"], "USD"),
        calendar([(date(2025, 3, 15), 1.0, "1")], 6),
        week_profile([1.0] * 7, [2.0] * 7, 6),
        launch([], []),
    ],
    ids=[
        "a trend",
        "an empty trend",
        "bars",
        "no bars",
        "everything",
        "lines",
        "movements",
        "columns",
        "a calendar",
        "a profile",
        "no launch",
    ],
)
def test_plotly_knows_every_property_of_a_figure(figure):
    go.Figure(figure)
