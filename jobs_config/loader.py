"""Reads the YAML files of this folder into their models; every fault names its file."""

from functools import cache
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from jobs_config.errors import ConfigError
from jobs_config.feed import FeedConfig
from jobs_config.model import JobConfig, SourceMapping
from jobs_config.settings import explain

FOLDER = Path(__file__).parent

Model = TypeVar("Model", bound=BaseModel)


def load_source(name_or_path: str) -> SourceMapping:
    """A source mapping: a name in jobs_config/sources, or a path to a YAML file."""
    return _load(_find("sources", name_or_path), SourceMapping)


def load_feed(name_or_path: str) -> FeedConfig:
    """A CSV feed: a name in jobs_config/feeds, or a path to a YAML file."""
    return _load(_find("feeds", name_or_path), FeedConfig)


@cache
def load_job(name: str) -> JobConfig:
    """The configuration of one job, by its name."""
    return _load(_find("jobs", name), JobConfig)


def names_of(folder: str) -> list[str]:
    """Names of the YAML files of a subfolder, in alphabetical order."""
    return sorted(path.stem for path in (FOLDER / folder).glob("*.yaml"))


def _find(folder: str, name_or_path: str) -> Path:
    is_path = name_or_path.endswith((".yaml", ".yml"))
    path = Path(name_or_path) if is_path else FOLDER / folder / f"{name_or_path}.yaml"
    if not path.is_file():
        raise ConfigError(f"no {name_or_path!r} in jobs_config/{folder}; it has {', '.join(names_of(folder))}")
    return path


def _load(path: Path, model: type[Model]) -> Model:
    try:
        values = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {error}") from error
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(values).__name__}")
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {explain(error)}") from error
