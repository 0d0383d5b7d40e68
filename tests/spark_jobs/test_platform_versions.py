import pytest

from jobs_config.errors import ConfigError
from spark_jobs.platform_versions import check_versions, found_versions

TESTED = {"Spark": "4.1.1-amzn-0", "Delta Lake": "4.2.0-amzn-0", "Java": "17", "Python": "3.13.1"}


def test_what_glue_and_emr_have_is_let_through():
    check_versions(TESTED)


@pytest.mark.parametrize(
    ("part", "version", "advice"),
    [
        ("Spark", "4.0.2-amzn-0", "expected 4.1 (Glue 6.0"),
        ("Spark", "3.5.4", "expected 4.1 (Glue 6.0"),
        ("Delta Lake", "4.0.0-amzn-1", "--datalake-formats delta"),
        ("Delta Lake", "none", "--datalake-formats delta"),
        ("Java", "1.8", "JAVA_HOME"),
        ("Python", "3.9.16", "PYSPARK_PYTHON"),
        ("Python", "3.14.0", "PYSPARK_PYTHON"),
    ],
)
def test_another_version_is_named_with_what_brings_the_right_one(part, version, advice):
    with pytest.raises(ConfigError) as refused:
        check_versions({**TESTED, part: version})

    assert f"{part} is {version}, expected" in str(refused.value)
    assert advice in str(refused.value)


def test_every_wrong_version_is_named_at_once():
    with pytest.raises(ConfigError, match=r"Spark is 3\.5\.4.*Python is 3\.9\.16"):
        check_versions({**TESTED, "Spark": "3.5.4", "Python": "3.9.16"})


def test_a_session_of_ours_passes(spark):
    check_versions(found_versions(spark))
