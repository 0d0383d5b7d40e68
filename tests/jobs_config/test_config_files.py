"""What `make config-check` runs: every configuration file loads, and its names are those of the contracts and the registry."""

import inspect

import pytest

from jobs_config.loader import load_feed, load_job, load_source, names_of
from jobs_config.settings import load_settings
from spark_jobs.feed_targets import faults_of_feed
from spark_jobs.registry import SILVER, STAGES
from warehouse.contract import load_contract, tables_of

TRANSFORMS = {name: transform for stage in STAGES for name, transform in stage.items()}
KEPT_BY_RUNS = {"silver.quarantine", "silver.suppressions", "silver.titles"}
TABLES = {f"{layer}.{name}" for layer in ("silver", "gold") for name in tables_of(layer)}
MAPPED = [(source, table) for source in names_of("sources") for table in load_source(source).tables]


@pytest.mark.parametrize("name", names_of("environments"))
def test_every_environment_loads(name):
    assert load_settings(name).environment == name


@pytest.mark.parametrize("name", names_of("environments"))
def test_every_environment_reads_a_source_there_is(name):
    assert load_settings(name).source in names_of("sources")


@pytest.mark.parametrize("name", names_of("sources"))
def test_every_source_loads_under_its_own_name(name):
    assert load_source(name).source == name


@pytest.mark.parametrize("name", names_of("feeds"))
def test_every_feed_loads_under_its_own_name(name):
    assert load_feed(name).feed == name


@pytest.mark.parametrize("name", names_of("jobs"))
def test_every_job_loads_under_its_own_name_which_is_that_of_its_table(name):
    job = load_job(name)

    assert job.job == name
    assert job.writes.replace(".", "_") == name


def test_every_job_of_the_registry_has_a_file_and_every_file_a_job():
    assert set(names_of("jobs")) == set(TRANSFORMS)


def test_no_job_is_in_two_stages():
    assert sum(len(stage) for stage in STAGES) == len(TRANSFORMS)


def test_every_contract_is_filled_by_a_job_but_those_that_runs_keep_themselves():
    written = {load_job(name).writes for name in names_of("jobs")}

    assert TABLES - written == KEPT_BY_RUNS


@pytest.mark.parametrize("name", names_of("jobs"))
def test_a_job_reads_and_writes_tables_that_have_a_contract(name):
    job = load_job(name)

    assert job.writes in TABLES
    for table in job.reads.values():
        layer, _, short = table.partition(".")
        # Bronze has the tables of silver, as they were delivered.
        assert (f"silver.{short}" if layer == "bronze" else table) in TABLES


@pytest.mark.parametrize("name", names_of("jobs"))
def test_a_job_gives_its_transform_the_frames_it_asks_for(name):
    parameters = inspect.signature(TRANSFORMS[name]).parameters.values()

    asked = [item.name for item in parameters if item.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert list(load_job(name).reads) == asked


def test_a_job_reads_what_earlier_stages_wrote_and_else_only_its_own_table_before():
    written: set[str] = set()
    for stage in STAGES:
        jobs = [load_job(name) for name in stage]
        for job in jobs:
            for alias, table in job.reads.items():
                own = alias == "existing" and table == job.writes
                assert own or table.startswith("bronze.") or table in written | KEPT_BY_RUNS
        written |= {job.writes for job in jobs}


@pytest.mark.parametrize(("source", "table"), MAPPED, ids=[f"{source} {table}" for source, table in MAPPED])
def test_a_source_maps_every_column_of_the_contract_and_no_other(source, table):
    mapping = load_source(source).tables[table]

    assert set(mapping.columns) == set(load_contract(f"silver.{table}").extracted)


def test_a_source_maps_every_table_that_the_pipeline_reads_from_it():
    read = {
        table.removeprefix("bronze.")
        for stage in SILVER
        for name in stage
        for table in load_job(name).reads.values()
        if table.startswith("bronze.")
    }

    assert [set(load_source(name).tables) for name in names_of("sources")] == [read]


def test_a_source_never_hands_on_a_name_or_an_address():
    clear = ("email", "full_name")
    columns = load_source("bookstore").tables["customers"].columns

    assert {name: column.pseudonymise for name, column in columns.items() if column.pseudonymise} == {
        "customer_hash": "id",
        "email_hash": "email",
    }
    assert [name for name, column in columns.items() if column.column in clear] == ["email_hash"]


@pytest.mark.parametrize("name", names_of("feeds"))
def test_a_feed_maps_what_its_target_takes_and_lacks_nothing_that_it_needs(name):
    assert faults_of_feed(load_feed(name), load_feed) == []
