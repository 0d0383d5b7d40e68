import pytest
from frames import assert_rows, frame

from jobs_config.model import TableMapping
from spark_jobs.extract.pseudonym import keyed_hash, pseudonymised

KEY = bytes(range(32))

CUSTOMERS = TableMapping(
    table="customer",
    key="id",
    columns={
        "customer_hash": {"column": "id", "pseudonymise": "id"},
        "email_hash": {"column": "email", "pseudonymise": "email"},
        "segment": "segment",
    },
)

# printf 'email:ann@example.org' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f
ANN = "60f0d7575cf2a27a251ea4a4cd771041d4c67f0e48313160140e7b85063515ff"
SEVEN = "a76da15cf45710e6d21deb2837f5d06fca0dda628aa0f8d273909f50bd26f8b6"


@pytest.mark.parametrize(
    "email",
    ["ann@example.org", "  ann@example.org\n", "Ann@Example.ORG", "ann＠example.org"],
    ids=["as it is", "with blanks around it", "in capitals", "with a full-width @"],
)
def test_one_person_has_one_hash_however_the_email_is_written(email):
    assert keyed_hash(email, "email", KEY) == ANN


def test_an_identifier_is_hashed_as_it_is_written():
    assert keyed_hash("A7", "id", KEY) != keyed_hash("a7", "id", KEY)


def test_a_hash_depends_on_the_key_and_on_what_it_identifies():
    hashes = {keyed_hash("7", "id", KEY), keyed_hash("7", "email", KEY), keyed_hash("7", "id", bytes(32))}

    assert len(hashes) == 3


def test_a_marked_column_is_never_plain_and_nothing_stays_nothing(spark):
    schema = "customer_hash string, email_hash string, segment string"
    customers = frame(spark, schema, ("7", "Ann@example.org", "library"), ("7", None, "school"))

    hidden = pseudonymised(customers, CUSTOMERS, KEY)

    assert_rows(hidden, schema, (SEVEN, ANN, "library"), (SEVEN, None, "school"))
    plan = hidden._jdf.queryExecution().toString()
    assert KEY.hex() not in plan
