"""Settings of one installation: an environment's YAML file, overridden by BOOKSALES_<NAME> variables."""

import os
import re
import zoneinfo
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from jobs_config.errors import ConfigError

ENVIRONMENTS = Path(__file__).parent / "environments"
PREFIX = "BOOKSALES_"

# Addresses are shown, logged and handed over as arguments, so they must not hold a password.
ADDRESSES = ("source_url", "ledger_url", "warehouse_url", "cache_url")
PASSWORD_IN_URL = re.compile(r"//[^/@]*:[^@]*@|[?&]password=")

Weekday = Literal["sunday", "monday", "saturday"]


class Settings(BaseModel):
    """Only what differs by place. Defaults are those of docs/settings.md; money is in `reporting_currency`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str = "local"
    source: str = Field(
        "bookstore", description="source mapping: a name in jobs_config/sources, or a path to a YAML file"
    )
    source_url: str = Field(
        "", description="postgresql://user@host:port/database without a password; empty: the embedded shop"
    )
    reader: Literal["jdbc", "columnar"] = Field(
        "jdbc", description="how whole tables are read: by Spark's JDBC, or by DuckDB's scanner inside the Spark tasks"
    )
    lake: str = Field(
        "",
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]+[a-z0-9](/[\w.=-]+)*/?)?$",
        description="s3://bucket/prefix of the lake; empty: a folder in the state folder",
    )
    catalog: str = Field(
        "",
        pattern=r"^([a-z][a-z0-9_]*)?$",
        description="Glue databases that a lake on S3 is registered in, without _silver and _gold; empty: none",
    )
    ledger_url: str = Field(
        "",
        description="postgresql+psycopg2://user@host:port/database without a password; empty: a file in the state folder",
    )
    warehouse_url: str = Field(
        "",
        description="Redshift to publish to and read from, as docs/redshift.md says, without a password; "
        "empty: the embedded warehouse",
    )
    warehouse_export: str = Field(
        "",
        pattern=r"^(s3://[a-z0-9][a-z0-9.-]+(/[\w./=-]*)?)?$",
        description="s3:// prefix that files for Redshift go below",
    )
    warehouse_copy_role: str = Field(
        "default", description="ARN of the role that Redshift reads them with, or `default`, the cluster's own"
    )
    time_zone: str = Field("UTC", description="the shop's time zone; decides the business date")
    retail_week_start: Weekday = Field("sunday", description="first day of the retail week")
    reporting_currency: str = Field("USD", pattern="^[A-Z]{3}$", description="currency of every total")
    cores: int = Field(0, ge=0, description="cores Spark may use; 0: all of the machine")
    driver_memory_mb: int = Field(0, ge=0, description="Spark driver heap; 0: a share of the machine, 4 GB at most")
    keep_generations: int = Field(3, ge=2, description="warehouse generations kept for rollback")
    bronze_retention_days: int = Field(30, ge=1, description="days after which `maintain` drops deliveries in bronze")
    lake_retention_hours: int = Field(
        168, ge=24, description="hours for which `maintain` keeps files of earlier table versions"
    )
    quarantine_limit_ratio: float = Field(
        0.001, ge=0, le=1, description="share of a table above which a run ends with exit code 4"
    )
    api_port: int = Field(8600, ge=0, lt=65536, description="port of the API on loopback; 0: any free one")
    dashboard_port: int = Field(8601, ge=0, lt=65536, description="port of the dashboard on loopback; 0: any free one")

    control_url: str = Field(
        "",
        description="postgresql://user@host:port/database of accounts and audit, without a password; empty: SQLite files",
    )

    oidc_issuer: str = Field(
        "", description="the company's own OIDC issuer, whose tokens the API takes too; empty: none"
    )
    oidc_audience: str = Field("", description="audience that its tokens must name")
    oidc_jwks_url: str = Field("", description="where it publishes its keys, by https")
    oidc_name_claim: str = Field("sub", description="claim with the user's name")
    oidc_role_claim: str = Field("roles", description="claim with the user's groups; `a.b` leads inside")
    oidc_roles: str = Field("", description="which group is which role: `group=role`, by commas")
    oidc_region_claim: str = Field(
        "", description="claim with the regions that a user is narrowed to; empty: not narrowed"
    )
    oidc_publisher_claim: str = Field("", description="the same with publishers")
    oidc_client_id: str = Field(
        "",
        description="what the issuer knows the dashboard as, so that readers may sign in there; empty: by accounts only",
    )
    oidc_scope: str = Field("openid", description="scopes that the dashboard asks the issuer for, by spaces")
    dashboard_url: str = Field(
        "",
        pattern=r"^(https://[^\s/?#@]+)?$",
        description="what readers open the dashboard by where a proxy serves it; empty: this machine's address",
    )

    api_hosts: str = Field(
        "",
        pattern=r"^[a-z0-9.-]*(,[a-z0-9.-]+)*$",
        description="names, by commas, that a proxy with TLS serves the API under",
    )
    trusted_proxies: str = Field("", description="addresses, by commas, whose X-Forwarded-For and -Proto are believed")
    api_workers: int = Field(1, ge=1, le=64, description="processes that serve the API")
    api_requests_at_once: int = Field(64, ge=1, description="requests that a process of the API answers at once")
    api_requests_per_minute: int = Field(
        1200, ge=0, description="requests of one account a minute and process; 0: no bound"
    )
    api_warehouse_connections: int = Field(
        8, ge=1, le=200, description="connections of a process of the API to Redshift at once"
    )
    api_cache_mb: int = Field(64, ge=0, description="memory that a process of the API keeps answers in; 0: none")
    cache_url: str = Field(
        "", description="rediss://host:port/database that replicas share answers in, without a password; empty: none"
    )
    state_machines: str = Field(
        "",
        pattern=r"^(arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[\w-]+)?$",
        description="ARN of the state machines without the verb, which jobs of the API start; empty: child processes",
    )
    question_seconds: float = Field(
        10, gt=0, le=600, description="seconds that the warehouse may take for one question of the API"
    )
    sql_seconds: float = Field(10, gt=0, le=600, description="seconds that a question in SQL may take")
    sql_memory_mb: int = Field(512, ge=64, description="memory that a question in SQL may take")
    sql_at_once: int = Field(
        2, ge=1, le=64, description="questions in SQL that a process of the API has answered at once"
    )
    audit_retention_days: int = Field(
        400, ge=1, description="days that audit entries are kept; their signed heads stay"
    )

    freshness_hours: int = Field(26, ge=1, description="hours after a publication by which the next is promised")

    @field_validator("control_url")
    @classmethod
    def has_no_password(cls, url: str) -> str:
        if url and not re.fullmatch(r"postgresql://[^:@/\s]+@[^@\s]+", url):
            raise ValueError("use postgresql://user@host:port/database; the password is BOOKSALES_CONTROL_PASSWORD")
        return url

    @model_validator(mode="after")
    def oidc_is_whole(self) -> Self:
        needed = ("oidc_audience", "oidc_jwks_url", "oidc_roles", "oidc_name_claim", "oidc_role_claim")
        missing = [name for name in needed if self.oidc_issuer and not getattr(self, name)]
        if missing:
            raise ValueError(f"oidc_issuer needs {', '.join(missing)}")
        if self.oidc_client_id and not self.oidc_issuer:
            raise ValueError("oidc_client_id needs oidc_issuer")
        return self

    @field_validator("time_zone")
    @classmethod
    def time_zone_exists(cls, name: str) -> str:
        if name not in zoneinfo.available_timezones():
            raise ValueError("no such time zone; use a name such as UTC or Europe/Berlin")
        return name


def load_settings(environment: str = "") -> Settings:
    """The settings of an environment. Raises ConfigError that names the file or variable, and what would do."""
    name = environment or os.environ.get(f"{PREFIX}ENVIRONMENT") or "local"
    path = ENVIRONMENTS / f"{name}.yaml"
    if not path.exists():
        known = ", ".join(sorted(file.stem for file in ENVIRONMENTS.glob("*.yaml")))
        raise ConfigError(f"no environment {name!r}; jobs_config/environments has {known}")
    values = read_environment(path)
    for field in Settings.model_fields:
        override = os.environ.get(f"{PREFIX}{field.upper()}")
        if override is not None:
            values[field] = override
    try:
        return _without_passwords(Settings.model_validate({**values, "environment": name}))
    except ValidationError as error:
        raise ConfigError(f"settings of environment {name!r}: {explain(error)}") from error


def read_environment(path: Path) -> dict[Any, Any]:
    """The values in an environment's file; none in an empty one. Raises ConfigError where it cannot be read."""
    try:
        values = yaml.safe_load(path.read_text()) or {}
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(values).__name__}")
    return values


def _without_passwords(settings: Settings) -> Settings:
    for name in ADDRESSES:
        if PASSWORD_IN_URL.search(getattr(settings, name)):
            variable = f"{PREFIX}{name.removesuffix('_url').upper()}_PASSWORD"
            raise ConfigError(f"{name}: it holds a password; leave it out there, and put it into {variable}")
    return settings


def with_overrides(settings: Settings, given: Sequence[str]) -> Settings:
    """The settings with each `name=value` of `given` in place of its own. Raises ConfigError for what is no such pair."""
    pairs = [item.partition("=") for item in given]
    if unreadable := [name for name, equals, _ in pairs if not equals]:
        raise ConfigError(f"--set {unreadable[0]}: expected NAME=VALUE")
    try:
        given_values = {name: value for name, _, value in pairs}
        return _without_passwords(Settings.model_validate({**settings.model_dump(), **given_values}))
    except ValidationError as error:
        raise ConfigError(f"--set: {explain(error)}") from error


def explain(error: ValidationError) -> str:
    """A pydantic error as one line per fault: where, what was found, what is expected."""
    return "; ".join(
        f"{'.'.join(str(part) for part in fault['loc']) or 'file'}: {fault['msg']} (found {fault.get('input')!r})"
        for fault in error.errors()
    )
