import pytest
from frames import assert_rows, frame

from spark_jobs.transforms.members import as_dimension, as_large_dimension, with_unknown_member

NATURAL = ("source", "store_id")
MEMBERS = "source string, store_id bigint, store string, is_deleted boolean"
KEYED = "store_key bigint, source string, store_id bigint, store string, is_deleted boolean"


def test_a_member_keeps_its_key_and_new_ones_get_the_next_free_in_natural_order(spark):
    existing = frame(
        spark,
        KEYED,
        (0, None, None, "Unknown", False),
        (4, "shop", 7, "Bonn", False),
        (9, "shop", 1, "closed long ago", True),
    )
    members = frame(spark, MEMBERS, ("shop", 7, "Bonn", False), ("shop", 6, "Kiel", False), ("shop", 30, "Ulm", False))

    dimension = as_dimension(members, existing, "store_key", NATURAL, store="Unknown")

    assert_rows(
        dimension,
        KEYED,
        (0, None, None, "Unknown", False),
        (4, "shop", 7, "Bonn", False),
        (9, "shop", 1, "closed long ago", True),
        (10, "shop", 6, "Kiel", False),
        (11, "shop", 30, "Ulm", False),
    )


def test_of_many_members_keys_are_kept_and_new_ones_follow_without_a_gap_and_always_the_same(spark):
    existing = frame(spark, KEYED, (0, None, None, "Unknown", False), (4, "shop", 7, "Bonn", False))
    members = frame(spark, MEMBERS, *(("shop", number, f"store {number}", False) for number in range(1, 200)))

    built = [as_large_dimension(rows, existing, "store_key", NATURAL) for rows in (members, members.repartition(7))]

    keys, again = ({row.store_id: row.store_key for row in dimension.collect()} for dimension in built)
    assert keys == again
    assert keys[7] == 4
    assert sorted(keys.values()) == [0, 4, *range(5, 203)]


def test_keys_begin_at_1_because_0_is_the_unknown_member(spark):
    members = frame(spark, MEMBERS, ("shop", 7, "Bonn", False), ("feed", 7, "Bonn", False))

    dimension = as_dimension(members, frame(spark, KEYED), "store_key", NATURAL)

    assert_rows(
        dimension, KEYED, (0, None, None, None, False), (1, "feed", 7, "Bonn", False), (2, "shop", 7, "Bonn", False)
    )


@pytest.mark.parametrize("build", [as_dimension, as_large_dimension])
def test_a_member_gone_from_its_source_stays_marked_and_one_of_another_source_stays_as_it_is(spark, build):
    gone, of_another_source = (2, "shop", 2, "Kiel", False), (3, "feed", 3, "Ulm", False)
    existing = frame(
        spark, KEYED, (0, None, None, "Unknown", False), (1, "shop", 1, "Bonn", False), gone, of_another_source
    )
    delivered = frame(spark, MEMBERS, ("shop", 1, "Bonn am Rhein", False), ("shop", 4, "Hof", False))

    dimension = build(delivered, existing, "store_key", NATURAL, store="Unknown")

    assert_rows(
        dimension,
        KEYED,
        (0, None, None, "Unknown", False),
        (1, "shop", 1, "Bonn am Rhein", False),
        (2, "shop", 2, "Kiel", True),
        of_another_source,
        (4, "shop", 4, "Hof", False),
    )


def test_the_unknown_member_has_key_0_and_nothing_but_what_is_given(spark):
    members = frame(spark, KEYED, (1, "shop", 1, "Bonn", False))

    with_unknown = with_unknown_member(members, "store_key", store="Unknown")

    assert_rows(with_unknown, KEYED, (0, None, None, "Unknown", False), (1, "shop", 1, "Bonn", False))
