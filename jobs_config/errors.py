"""What a command ends with, and the errors that say so."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command (documented in docs/commands.md)."""

    DONE = 0
    FAILED = 1
    CONFIGURATION = 2
    REFUSED = 3
    ATTENTION = 4
    INTERRUPTED = 130


class BooksalesError(Exception):
    """An error a person can act on: where, what was found, what would do. Caught only at an entry point."""

    exit_code = ExitCode.FAILED


class ConfigError(BooksalesError):
    """A setting, a YAML file or the state folder is not what this version understands."""

    exit_code = ExitCode.CONFIGURATION


class RefusedError(BooksalesError):
    """A guard said no: lease held, not a generated shop, needs approval."""

    exit_code = ExitCode.REFUSED
