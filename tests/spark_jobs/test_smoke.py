from dataclasses import replace
from pathlib import Path

import pytest
from small_star import published_once

from spark_jobs import smoke
from warehouse.embedded.reading import DuckDBReading
from warehouse.embedded.warehouse import EmbeddedWarehouse
from warehouse.publication import NoPublicationError, PublicationError


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return published_once(tmp_path_factory.getbasetemp() / "small_star")


def test_a_publication_that_answers_says_what(warehouse):
    publication = EmbeddedWarehouse(warehouse).current().publication

    said = smoke.smoke(EmbeddedWarehouse(warehouse))

    assert said.startswith(f"publication 1 of run {publication.run_seq} answers: {publication.sale_count:,} sales, ")


def test_a_publication_with_other_rows_than_it_says_is_named(warehouse, monkeypatch):
    class Short(DuckDBReading):
        def _read_publication(self):
            publication = super()._read_publication()
            return replace(publication, sale_count=publication.sale_count + 1)

    monkeypatch.setattr("warehouse.embedded.warehouse.DuckDBReading", Short)

    with pytest.raises(PublicationError, match=r"says [\d,]+ sales, fact_sales has [\d,]+; serve an earlier one"):
        smoke.smoke(EmbeddedWarehouse(warehouse))


def test_a_view_that_adds_up_to_other_units_is_named(warehouse, monkeypatch):
    monkeypatch.setattr(smoke, "VIEW", f"{smoke.VIEW} where sale_date > date '2024-02-01'")

    with pytest.raises(PublicationError, match=r"units in fact_sales, \d+ in sales_by_day; serve an earlier one"):
        smoke.smoke(EmbeddedWarehouse(warehouse))


def test_nothing_published_is_said(tmp_path):
    with pytest.raises(NoPublicationError, match="nothing is published yet"):
        smoke.smoke(EmbeddedWarehouse(tmp_path))
