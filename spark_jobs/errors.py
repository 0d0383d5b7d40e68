"""What can go wrong in a run, each kind with its exit code."""

from jobs_config.errors import BooksalesError, ConfigError


class ExtractionError(BooksalesError):
    """The source cannot be read as mapped, or did not deliver what its snapshot promised."""


class SourceMappingError(ConfigError):
    """The mapping names a table, column or type that the source does not have."""


class ExpectationError(BooksalesError):
    """An expectation of level `stop` failed, or rows went missing between two layers; nothing is published."""


class LakeError(BooksalesError):
    """A lake table is missing or not as recorded."""
