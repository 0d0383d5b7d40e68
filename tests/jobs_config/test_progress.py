import io
import re

import pytest

from jobs_config.progress import Progress

SECONDS = re.compile(r"\d+\.\d s")


@pytest.fixture
def stream():
    return io.StringIO()


def lines(stream):
    """What was written, with every elapsed time as 0.0 s."""
    return SECONDS.sub("0.0 s", stream.getvalue()).splitlines()


def test_outside_a_terminal_a_phase_is_a_line_at_its_start_and_one_at_its_end(stream):
    with Progress(stream).phase("load sales"):
        assert lines(stream) == ["load sales …"]

    assert lines(stream) == ["load sales …", "✓ load sales (0.0 s)"]


def test_a_phase_that_fails_is_marked_and_its_error_goes_on(stream):
    with pytest.raises(ValueError, match="no such book"), Progress(stream).phase("load sales"):
        raise ValueError("no such book")

    assert lines(stream) == ["load sales …", "✗ load sales (0.0 s)"]


def test_a_phase_that_is_interrupted_is_marked(stream):
    with pytest.raises(KeyboardInterrupt), Progress(stream).phase("load sales"):
        raise KeyboardInterrupt

    assert lines(stream)[-1] == "✗ load sales (0.0 s)"


@pytest.mark.parametrize(
    ("done", "total", "said"),
    [(1_500, 6_000, "1,500 of 6,000 rows (25 %)"), (1_500, None, "1,500 rows"), (0, 0, "0 rows")],
    ids=["a known total", "an unknown total", "nothing to do"],
)
def test_the_last_line_says_how_far_a_phase_came(stream, done, total, said):
    with Progress(stream).phase("load sales") as phase:
        phase.update(done, total)

    assert lines(stream)[-1] == f"✓ load sales: {said} (0.0 s)"


def test_a_note_stands_where_the_rows_would(stream):
    with Progress(stream).phase("publish") as phase:
        phase.note("checking totals")

    assert lines(stream)[-1] == "✓ publish: checking totals (0.0 s)"


def test_a_phase_says_nothing_of_the_one_before(stream):
    progress = Progress(stream)
    with progress.phase("load books") as phase:
        phase.update(7)

    with progress.phase("load sales"):
        pass

    assert lines(stream)[-1] == "✓ load sales (0.0 s)"


def test_a_line_between_phases_is_a_line_of_its_own(stream):
    Progress(stream).say("this shop was there already")

    assert lines(stream) == ["this shop was there already"]


def test_on_a_terminal_the_line_is_written_over(stream):
    with Progress(stream, terminal=True).phase("load sales"):
        pass

    assert SECONDS.sub("0.0 s", stream.getvalue()) == "\r\x1b[2K✓ load sales (0.0 s)\n"
