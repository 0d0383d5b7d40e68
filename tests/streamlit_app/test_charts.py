import plotly.graph_objects as go
import pytest

from streamlit_app import charts


def bucket(start, value, is_complete=True):
    return {"start": start, "end": start, "is_complete": is_complete, "metrics": {"net_revenue": value}}


WEEKS = [
    bucket("2025-03-02", 10.0, is_complete=False),
    bucket("2025-03-09", 30.0),
    bucket("2025-03-16", 20.0),
    bucket("2025-03-23", 5.0, is_complete=False),
]


def test_finished_buckets_are_a_solid_line_and_unfinished_ones_a_dotted_one_named_in_words():
    finished, unfinished = charts.trend(WEEKS, "net_revenue", "Net revenue", "week")["data"]

    assert (finished["name"], finished["line"]["dash"]) == ("Net revenue", "solid")
    assert finished["y"] == [None, 30.0, 20.0, None]
    assert (unfinished["name"], unfinished["line"]["dash"]) == ("unfinished week", "dot")
    assert unfinished["y"] == [10.0, 30.0, 20.0, 5.0]
    assert finished["line"]["color"] == unfinished["line"]["color"]


def test_dots_reach_to_their_neighbours_only():
    weeks = [bucket(f"2025-01-{day:02d}", 1.0) for day in (5, 12, 19)] + [bucket("2025-01-26", 1.0, is_complete=False)]

    _, unfinished = charts.trend(weeks, "net_revenue", "Net revenue", "week")["data"]

    assert unfinished["y"] == [None, None, 1.0, 1.0]


def test_without_an_unfinished_bucket_there_is_one_line_and_no_legend():
    figure = charts.trend(WEEKS[1:3], "net_revenue", "Net revenue", "week")

    assert len(figure["data"]) == 1
    assert figure["layout"]["showlegend"] is False


def test_a_bucket_without_a_value_is_drawn_as_zero():
    figure = charts.trend([bucket("2025-03-01", None)], "net_revenue", "Net revenue", "day")

    assert figure["data"][0]["y"] == [0.0]


def test_bars_stand_in_order_each_with_its_label_and_value():
    figure = charts.bars(["First", "Second"], [3.0, -1.0], ["3", "−1"])

    trace, layout = figure["data"][0], figure["layout"]
    assert layout["yaxis"]["ticktext"] == ["First", "Second"]
    assert trace["text"] == ["3", "−1"]
    assert trace["y"] == [0, 1]
    assert layout["xaxis"]["range"] == [-1.0, 3.0]
    assert layout["yaxis"]["range"][0] > layout["yaxis"]["range"][1]  # the first is on top


def test_html_in_a_title_is_text_not_markup():
    figure = charts.bars(["<b>Cats</b> & <a href='x'>dogs</a>"], [1.0], ["<i>1</i>"])

    shown = [*figure["layout"]["yaxis"]["ticktext"], *figure["data"][0]["text"], *figure["data"][0]["hovertext"]]
    assert not [text for text in shown if "<" in text]


def test_what_is_left_out_has_a_colour_of_its_own_and_its_place_at_the_end():
    colors = charts.bars(["A", "7 others"], [3.0, 9.0], ["3", "9"], has_other=True)["data"][0]["marker"]["color"]

    assert colors == [charts.FIRST_COLOR, charts.OTHER_COLOR]


@pytest.mark.parametrize(
    "figure",
    [
        charts.trend(WEEKS, "net_revenue", "Net revenue", "week"),
        charts.trend([], "net_revenue", "Net revenue", "year"),
        charts.bars(["A"], [1.0], ["1"]),
        charts.bars([], [], []),
    ],
    ids=["a trend", "an empty trend", "bars", "no bars"],
)
def test_plotly_knows_every_property_of_a_figure(figure):
    go.Figure(figure)
