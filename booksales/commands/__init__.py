"""The verbs of `booksales`, one module each: `add_to` declares it, `run` does it and returns its exit code."""

import argparse
import json
import re
import sys
from collections.abc import Callable
from typing import Any

Verbs = Any  # argparse keeps the type of its sub-parsers' holder private


def add_verb(
    verbs: Verbs, name: str, summary: str, run: Callable[[argparse.Namespace], int], *examples: str
) -> argparse.ArgumentParser:
    """Declare one verb with its help text and examples."""
    shown = "\n".join(f"  {example}" for example in examples)
    verb: argparse.ArgumentParser = verbs.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=f"examples:\n{shown}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.set_defaults(run=run)
    return verb


def add_json(verb: argparse.ArgumentParser) -> None:
    """Let a verb that reports do so for programs."""
    verb.add_argument("--json", action="store_true", help="print JSON instead of text")


def confirmed(warning: str, word: str) -> bool:
    """Whether a person typed the word after the warning; asked on standard error, for the answer may go to a program."""
    print(f"{warning} Type '{word}' to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip() == word:
        return True
    print(f"nothing was done; answer '{word}', or give --yes", file=sys.stderr)
    return False


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """An argument's type: a whole number between two others, both allowed."""

    def parsed(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,30}", text) or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {most}, found {text!r}")
        return int(text)

    return parsed


port_number = whole_number(0, 65_535)


def as_json(value: object) -> str:
    """A value as JSON text; dates as ISO 8601, anything unknown as its text."""
    return json.dumps(value, default=str, indent=2)


def as_table(titles: list[str], rows: list[list[object]]) -> str:
    """Rows as aligned text; numbers to the right, with thousands separators."""
    shown = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row] for row in rows]
    widths = [max(len(text) for text in column) for column in zip(titles, *shown, strict=True)]
    numeric = [all(isinstance(row[place], int) for row in rows) and bool(rows) for place in range(len(titles))]
    return "\n".join(
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in [titles, *shown]
    )
