import pytest

HEADER = "book_id,isbn,isbn13,authors,original_publication_year,original_title,title,language_code\n"


def test_an_unknown_feed_is_answered_with_those_there_are(booksales, home):
    refused = booksales("import-csv", "bookcrossing", "books.csv")

    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("booksales import-csv: no 'bookcrossing' in jobs_config/feeds; it has goodbooks, ")


def test_a_feed_file_that_is_wrong_is_named_before_anything_starts(booksales, home, tmp_path):
    (tmp_path / "mine.yaml").write_text("feed: mine\ntarget: titles\nkey: [book_id]\ncolour: blue\n")

    refused = booksales("import-csv", str(tmp_path / "mine.yaml"), "books.csv")

    assert refused.code == 2
    assert refused.err.startswith(f"booksales import-csv: {tmp_path}/mine.yaml: columns: Field required")
    assert not (home / "writer.lock").exists()


@pytest.mark.slow  # starts Spark to say that there is nothing to do
def test_into_an_empty_lake_no_file_is_imported(installed_booksales, tmp_path):
    (tmp_path / "books.csv").write_text(HEADER)

    refused = installed_booksales("import-csv", "goodbooks", str(tmp_path / "books.csv"))

    assert (refused.code, refused.out) == (1, "")
    assert refused.err.endswith("error: the lake is empty: run `booksales reload` once, then import files\n")
    assert "Traceback" not in refused.err
