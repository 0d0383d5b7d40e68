import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jobs_config.errors import ConfigError
from jobs_config.state import keep_files_private, open_state, state_home


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_state_folder_is_its_owners_alone(tmp_path):
    state = open_state(tmp_path / "deep" / "booksales")

    assert mode(state.root) == 0o700
    assert sorted(path.name for path in state.root.iterdir()) == [
        "format",
        "lake",
        "landing",
        "logs",
        "reports",
        "tmp",
        "warehouse",
    ]
    assert {mode(path) for path in state.root.iterdir() if path.is_dir()} == {0o700}


def test_a_state_folder_that_was_opened_to_others_is_closed_again(empty_state):
    empty_state.root.chmod(0o755)

    open_state(empty_state.root)

    assert mode(empty_state.root) == 0o700


def test_opening_a_state_folder_again_keeps_what_it_holds(empty_state):
    (Path(empty_state.lake) / "kept").write_text("rows")

    again = open_state(empty_state.root)

    assert again == empty_state
    assert (Path(again.lake) / "kept").read_text() == "rows"


@pytest.mark.parametrize("found", ["2", "0", "x"], ids=["a newer format", "an older format", "no number"])
def test_another_format_is_refused_with_both_numbers(empty_state, found):
    (empty_state.root / "format").write_text(f"{found}\n")

    with pytest.raises(ConfigError, match=f"has format '{found}', this version reads format 1; .*BOOKSALES_HOME"):
        open_state(empty_state.root)


def test_a_first_start_that_a_full_disk_broke_off_is_made_good(empty_state):
    (empty_state.root / "format").write_text("")

    assert open_state(empty_state.root) == empty_state
    assert (empty_state.root / "format").read_text() == "1\n"


def test_an_empty_format_beside_data_is_refused_with_what_to_write_into_it(empty_state):
    (empty_state.root / "format").write_text("\n")
    (Path(empty_state.lake) / "rows").write_text("rows")

    with pytest.raises(ConfigError, match=r"format: empty, as a full disk may have left it; .* write 1 into the file"):
        open_state(empty_state.root)

    assert (empty_state.root / "format").read_text() == "\n"


def test_somebody_elses_folder_is_refused_and_left_as_it_is(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.tex").write_text("years of work")

    with pytest.raises(ConfigError, match=r"not empty and not a state folder .*BOOKSALES_HOME"):
        open_state(tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    assert mode(tmp_path) == 0o755


def test_an_empty_folder_becomes_a_state_folder(tmp_path):
    assert open_state(tmp_path).root == tmp_path


def test_a_file_in_place_of_the_folder_is_refused_by_its_name(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ConfigError, match=f"{tmp_path}/file: the state folder cannot be used .*BOOKSALES_HOME"):
        open_state(tmp_path / "file")


def test_the_state_folder_is_in_the_current_directory_unless_a_variable_names_another(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BOOKSALES_HOME", raising=False)

    assert state_home() == tmp_path / ".booksales"

    monkeypatch.setenv("BOOKSALES_HOME", "elsewhere")
    assert state_home() == tmp_path / "elsewhere"


def test_a_secret_is_made_once_and_kept_from_others(empty_state):
    secret = empty_state.secret("landing_key")

    assert len(bytes.fromhex(secret)) == 32
    assert open_state(empty_state.root).secret("landing_key") == secret
    assert mode(empty_state.root / "secrets") == 0o700
    assert mode(empty_state.root / "secrets" / "landing_key") == 0o600
    assert [path.name for path in (empty_state.root / "secrets").iterdir()] == ["landing_key"]


def test_two_secrets_are_different_and_so_are_two_folders(empty_state, tmp_path):
    other = open_state(tmp_path / "other")

    assert len({empty_state.secret("one"), empty_state.secret("two"), other.secret("one")}) == 3


def test_whoever_asks_at_the_same_time_gets_the_same_whole_secret(empty_state):
    with ThreadPoolExecutor(8) as pool:
        for number in range(50):
            given = list(pool.map(lambda _, name=f"secret_{number}": empty_state.secret(name), range(8)))

            assert [len(secret) for secret in given] == [64] * 8
            assert len(set(given)) == 1


@pytest.mark.parametrize(
    ("secret", "made", "advice"),
    [
        (
            "pseudonym_key",
            "lake/silver/customers",
            "With another key every customer is a new one; to accept that, write 64",
        ),
        ("landing_key", "lake/bronze/goodbooks/run=00000001/records", "Without it nobody can read the raw CSV records"),
        ("source_owner_password", "source/server/data", "Without one, delete the folder source"),
        ("source_reader_password", "source/server/data", "Without one, delete the folder source"),
    ],
)
def test_a_secret_that_is_lost_is_not_made_anew_beside_what_was_made_with_it(empty_state, secret, made, advice):
    kept = empty_state.secret(secret)
    (empty_state.root / made).mkdir(parents=True)
    assert empty_state.secret(secret) == kept
    (empty_state.root / "secrets" / secret).unlink()

    with pytest.raises(ConfigError) as refused:
        empty_state.secret(secret)

    path = empty_state.root / "secrets" / secret
    assert str(refused.value).startswith(
        f"{path}: lost, while {empty_state.root / made} was made with it; put back a copy. {advice}"
    )
    assert not path.exists()


def test_a_new_key_that_somebody_wrote_is_accepted(empty_state):
    (Path(empty_state.lake) / "silver" / "customers").mkdir(parents=True)
    (empty_state.root / "secrets").mkdir()
    (empty_state.root / "secrets" / "pseudonym_key").write_text("ab" * 32)

    assert empty_state.secret("pseudonym_key") == "ab" * 32


def test_files_made_after_the_word_are_their_owners_alone(tmp_path):
    before = os.umask(0o022)
    try:
        (tmp_path / "control").touch()
        keep_files_private()
        (tmp_path / "file").touch()
        subprocess.run(["touch", str(tmp_path / "of_a_child")], check=True)
    finally:
        os.umask(before)

    assert [mode(tmp_path / name) for name in ("control", "file", "of_a_child")] == [0o644, 0o600, 0o600]
