import os

import pytest
from pydantic import ValidationError

from jobs_config.errors import ConfigError
from jobs_config.settings import PREFIX, Settings, load_settings, read_environment, with_overrides


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch):
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def test_without_variables_every_setting_has_its_documented_default():
    assert load_settings().model_dump() == {
        "environment": "local",
        "source": "bookstore",
        "source_url": "",
        "reader": "jdbc",
        "lake": "",
        "catalog": "",
        "ledger_url": "",
        "time_zone": "UTC",
        "retail_week_start": "sunday",
        "reporting_currency": "USD",
        "cores": 0,
        "driver_memory_mb": 0,
        "keep_generations": 3,
        "quarantine_limit_ratio": 0.001,
        "api_port": 8600,
        "dashboard_port": 8601,
        "control_url": "",
        "warehouse_url": "",
        "warehouse_export": "",
        "warehouse_copy_role": "default",
        "api_warehouse_connections": 8,
        "bronze_retention_days": 30,
        "lake_retention_hours": 168,
        "audit_retention_days": 400,
        "freshness_hours": 26,
        "api_cache_mb": 64,
        "oidc_issuer": "",
        "oidc_audience": "",
        "oidc_jwks_url": "",
        "oidc_name_claim": "sub",
        "oidc_role_claim": "roles",
        "oidc_roles": "",
        "oidc_region_claim": "",
        "oidc_publisher_claim": "",
        "oidc_client_id": "",
        "oidc_scope": "openid",
        "dashboard_url": "",
        "cache_url": "",
        "state_machines": "",
        "question_seconds": 10,
        "sql_seconds": 10,
        "sql_memory_mb": 512,
        "sql_at_once": 2,
        "api_hosts": "",
        "trusted_proxies": "",
        "api_workers": 1,
        "api_requests_at_once": 64,
        "api_requests_per_minute": 1200,
    }


@pytest.mark.parametrize(
    ("variable", "text", "field", "value"),
    [
        ("BOOKSALES_API_PORT", "8700", "api_port", 8700),
        ("BOOKSALES_TIME_ZONE", "Europe/Berlin", "time_zone", "Europe/Berlin"),
        ("BOOKSALES_LAKE", "s3://shop-lake/prod", "lake", "s3://shop-lake/prod"),
        ("BOOKSALES_RETAIL_WEEK_START", "monday", "retail_week_start", "monday"),
        ("BOOKSALES_QUARANTINE_LIMIT_RATIO", "0.05", "quarantine_limit_ratio", 0.05),
        (
            "BOOKSALES_SOURCE_URL",
            "postgresql://reader@127.0.0.1/shop",
            "source_url",
            "postgresql://reader@127.0.0.1/shop",
        ),
    ],
)
def test_a_variable_overrides_a_setting(monkeypatch, variable, text, field, value):
    monkeypatch.setenv(variable, text)

    settings = load_settings()

    assert getattr(settings, field) == value
    assert settings.model_dump(exclude={field}) == Settings().model_dump(exclude={field})


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("api_port", "eighty"),
        ("dashboard_port", "65536"),
        ("cores", "-1"),
        ("keep_generations", "1"),
        ("lake", "s3a://shop-lake/prod"),
        ("quarantine_limit_ratio", "1.5"),
        ("reporting_currency", "dollars"),
        ("retail_week_start", "friday"),
        ("time_zone", "Mars/Olympus"),
    ],
    ids=[
        "a word for a port",
        "a port beyond the last",
        "fewer cores than none",
        "nothing to roll back to",
        "a scheme of S3A alone",
        "more than all rows",
        "no currency code",
        "a day no retail week starts on",
        "no time zone of this world",
    ],
)
def test_a_bad_value_is_named_with_its_setting_and_environment(monkeypatch, field, text):
    monkeypatch.setenv(f"BOOKSALES_{field.upper()}", text)

    with pytest.raises(ConfigError) as refused:
        load_settings()

    message = str(refused.value)
    assert message.startswith(f"settings of environment 'local': {field}: ")
    assert message.endswith(f"(found {text!r})")


def test_every_bad_value_is_named_at_once(monkeypatch):
    monkeypatch.setenv("BOOKSALES_CORES", "many")
    monkeypatch.setenv("BOOKSALES_API_PORT", "-5")

    with pytest.raises(ConfigError, match=r"cores: .*\(found 'many'\); api_port: .*\(found '-5'\)"):
        load_settings()


@pytest.mark.parametrize("how", ["argument", "variable"])
def test_an_unknown_environment_is_named_with_those_there_are(monkeypatch, how):
    if how == "variable":
        monkeypatch.setenv("BOOKSALES_ENVIRONMENT", "moon")

    with pytest.raises(ConfigError, match=r"no environment 'moon'; jobs_config/environments has .*local"):
        load_settings("" if how == "variable" else "moon")


def test_settings_do_not_change_once_they_are_loaded():
    settings = load_settings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.cores = 4


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError, match="colour"):
        Settings(colour="blue")


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("ledger_url", "postgresql+psycopg2://ops:hunter2@db/control"),
        ("ledger_url", "postgresql://ops@db/control?sslmode=require&password=hunter2"),
        ("source_url", "postgresql://reader:hunter2@db/shop"),
        ("source_url", "postgresql://reader:hun/ter2@db/shop"),
    ],
)
def test_a_password_inside_an_address_is_refused_and_not_repeated(monkeypatch, name, url):
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", url)

    with pytest.raises(ConfigError, match=f"{name}: it holds a password; .*{name[:6].upper()}_PASSWORD") as refused:
        load_settings()
    with pytest.raises(ConfigError, match=f"{name}: it holds a password"):
        with_overrides(Settings(), [f"{name}={url}"])

    assert "ter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"cores: [1", "not readable as YAML: while parsing"),
        (b"cores: \xff", "not readable as YAML"),
        (b"- cores", "expected keys and values, found list"),
    ],
    ids=["no YAML", "no text", "a list"],
)
def test_a_malformed_file_of_an_environment_is_named(tmp_path, text, said):
    path = tmp_path / "broken.yaml"
    path.write_bytes(text)

    with pytest.raises(ConfigError) as refused:
        read_environment(path)

    assert str(refused.value).startswith(f"{path}: {said}")
    assert "\n" not in str(refused.value)


def test_an_empty_file_of_an_environment_changes_no_default(tmp_path):
    (tmp_path / "empty.yaml").touch()

    assert read_environment(tmp_path / "empty.yaml") == {}
