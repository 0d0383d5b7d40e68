import stat

from booksales.local_stack.files import write_anew, write_in_one_step


def test_a_link_is_replaced_and_what_it_points_to_left_alone(tmp_path):
    elsewhere, place = tmp_path / "elsewhere", tmp_path / "settings"
    elsewhere.write_text("theirs")
    place.symlink_to(elsewhere)

    write_anew(place, b"ours")

    assert place.read_bytes() == b"ours"
    assert elsewhere.read_text() == "theirs"


def test_a_written_file_is_closed_to_others_and_leaves_nothing_beside_it(tmp_path):
    place = tmp_path / "jar"
    place.write_bytes(b"old")

    write_in_one_step(place, b"new")

    assert place.read_bytes() == b"new"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [place]
