import pytest
from pydantic import ValidationError

from warehouse.contract import load_contract
from warehouse.permissions import load_permissions
from warehouse.semantic import Metric, SemanticError, SemanticModel, load_model

MODEL = load_model()


def test_an_unknown_metric_is_named_with_those_there_are():
    with pytest.raises(SemanticError, match="no metric 'revenue'; there are gross_units, return_units"):
        MODEL.metric("revenue")


def test_an_unknown_dimension_is_named_with_those_there_are():
    with pytest.raises(SemanticError, match="no dimension 'colour'; there are day, week"):
        MODEL.dimension("colour")


def test_a_metric_over_an_unknown_measure_is_refused():
    metric = {"label": "l", "unit": "count", "meaning": "m", "formula": "{sold} - {lost}"}

    with pytest.raises(ValidationError, match="metric odd uses lost, which is no measure"):
        SemanticModel(
            measures={"sold": {"type": "int", "line": "1"}}, metrics={"odd": metric}, dimensions={}, rollups={}
        )


def test_a_metric_is_either_a_formula_or_a_distinct_count():
    with pytest.raises(ValidationError, match="either a formula or a distinct count"):
        Metric(label="l", unit="count", meaning="m")


def test_sums_add_up_and_ratios_and_distinct_counts_do_not():
    additive = {name for name, metric in MODEL.metrics.items() if metric.is_additive}

    units = {"gross_units", "return_units", "net_units"}
    assert additive == units | {"gross_revenue", "discount", "return_value", "net_revenue", "cost", "margin"}


@pytest.mark.parametrize("name", list(MODEL.dimensions))
def test_a_dimension_is_a_column_of_the_table_it_names(name):
    dimension = MODEL.dimensions[name]

    if dimension.table:
        columns = load_contract(f"gold.{dimension.table}").columns
        assert dimension.column in columns
        assert dimension.match in columns
        assert columns[dimension.column].required or dimension.unknown


@pytest.mark.parametrize(
    ("role", "sees_cost", "may_call_runs"),
    [("viewer", False, False), ("analyst", True, False), ("engineer", True, True), ("admin", True, True)],
)
def test_a_role_may_what_the_roles_below_it_may(role, sees_cost, may_call_runs):
    permissions = load_permissions()

    metrics = permissions.metrics_of(role, MODEL)
    assert ({"cost", "margin", "margin_ratio"} <= set(metrics)) == sees_cost
    assert "net_revenue" in metrics
    assert ("runs" in permissions.endpoints_of(role)) == may_call_runs
    assert "summary" in permissions.endpoints_of(role)
