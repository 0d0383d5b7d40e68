import pytest
from pydantic import ValidationError

from warehouse.books import COLUMNS
from warehouse.contract import load_contract, tables_of
from warehouse.permissions import Permissions, load_permissions
from warehouse.semantic import load_model

MODEL = load_model()
PERMISSIONS = load_permissions()

ROLES = ["viewer", "analyst", "engineer", "admin"]
# What each role adds to the ones before it.
ADDED = {
    "viewer": {
        "me",
        "sign-out",
        "password",
        "openapi",
        "publication",
        "summary",
        "timeseries",
        "top-books",
        "sales-by-region",
        "sales-by-genre",
        "regions",
        "genres",
        "book",
        "metrics",
        "members",
        "customers",
        "customer-cohorts",
        "freshness",
        "lineage",
        "views",
        "breakdown",
        "movers",
        "events",
        "find-books",
        "comparables",
    },
    "analyst": {"query", "sql"},
    "engineer": {
        "prometheus",
        "runs",
        "run",
        "quality",
        "quality-trend",
        "quarantine",
        "quarantine-records",
        "publications",
        "jobs",
        "cancel-job",
        "generate-test-data",
        "sync",
        "reload",
        "rollback",
    },
    "admin": {"users", "add-user", "change-user", "reset-user", "audit", "verify-audit", "activity", "slow-requests"},
}
PUBLIC = {"healthz", "readyz", "jwks", "token", "setup"}
MATRIX = [
    (role, capability, ROLES.index(role) >= ROLES.index(least))
    for least, capabilities in ADDED.items()
    for capability in sorted(capabilities)
    for role in ROLES
]
COSTLY = {"cost", "margin", "margin_ratio"}


def test_the_roles_are_four_each_above_the_one_before():
    assert list(PERMISSIONS.roles) == ROLES


@pytest.mark.parametrize(
    ("role", "capability", "may"),
    MATRIX,
    ids=[f"{role} {'may' if may else 'may not'} {capability}" for role, capability, may in MATRIX],
)
def test_a_role_may_what_the_matrix_says(role, capability, may):
    assert (capability in PERMISSIONS.endpoints_of(role)) == may


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_nothing_beyond_the_matrix(role):
    granted = set().union(*(ADDED[lower] for lower in ROLES[: ROLES.index(role) + 1]))

    assert PERMISSIONS.endpoints_of(role) == granted | PUBLIC


def test_anybody_may_sign_in_and_ask_how_the_server_is_and_nothing_else():
    assert PERMISSIONS.public == PUBLIC


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("capability", ["", "erase", "Summary", "summary/", "dashboard"])
def test_what_is_not_listed_nobody_may(role, capability):
    assert capability not in PERMISSIONS.endpoints_of(role)


@pytest.mark.parametrize(
    ("role", "sees"), [("viewer", set()), ("analyst", COSTLY), ("engineer", COSTLY), ("admin", COSTLY)], ids=ROLES
)
def test_cost_and_margin_are_seen_from_the_analyst_up(role, sees):
    assert COSTLY & set(PERMISSIONS.metrics_of(role, MODEL)) == sees


def test_a_viewer_sees_every_other_metric_in_the_models_order():
    assert list(PERMISSIONS.metrics_of("viewer", MODEL)) == [name for name in MODEL.metrics if name not in COSTLY]
    assert PERMISSIONS.metrics_of("admin", MODEL) == tuple(MODEL.metrics)


@pytest.mark.parametrize("role", ["", "intern", "Admin", "root"])
def test_an_unknown_role_may_and_sees_nothing(role):
    with pytest.raises(ValueError, match="not in tuple"):
        PERMISSIONS.endpoints_of(role)
    with pytest.raises(ValueError, match="not in tuple"):
        PERMISSIONS.metrics_of(role, MODEL)


def test_no_capability_is_listed_for_a_role_that_does_not_exist_or_twice():
    listed = [name for names in PERMISSIONS.endpoints.values() for name in names]

    assert set(PERMISSIONS.endpoints) == {"public", *ROLES}
    assert set(PERMISSIONS.columns) <= set(ROLES)
    assert len(listed) == len(set(listed))


def test_every_column_of_the_matrix_is_one_that_can_be_asked_for_and_each_is_listed_once():
    listed = [name for groups in PERMISSIONS.columns.values() for names in groups for name in names]

    assert set(listed) == {*MODEL.metrics, *MODEL.dimensions, *MODEL.selections, *COLUMNS, "segment"}
    assert len(listed) == len(set(listed))
    assert {name for names in PERMISSIONS.columns["analyst"] for name in names} == COSTLY | {"unit_cost"}


def test_what_is_never_shown_exists_and_nothing_can_be_cut_by_it():
    columns = {
        name
        for layer in ("silver", "gold")
        for table in tables_of(layer)
        for name in load_contract(f"{layer}.{table}").columns
    }

    assert PERMISSIONS.never == ("customer_hash", "email_hash", "customer_key", "order_id")
    assert set(PERMISSIONS.never) <= columns
    assert set(PERMISSIONS.never) & {*MODEL.metrics, *MODEL.dimensions} == set()
    assert [name for name, dimension in MODEL.dimensions.items() if dimension.column in PERMISSIONS.never] == []


def test_scopes_are_dimensions_and_small_customer_cells_are_hidden():
    assert PERMISSIONS.scopes == ("region", "publisher")
    assert set(PERMISSIONS.scopes) <= set(MODEL.dimensions)
    assert PERMISSIONS.smallest_customer_cell == 10


def test_a_matrix_with_an_unknown_rule_is_refused():
    with pytest.raises(ValidationError, match="guests"):
        Permissions(**PERMISSIONS.model_dump(), guests=("summary",))
