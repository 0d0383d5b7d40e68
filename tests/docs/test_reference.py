"""The reference documents hold against the code: verbs, settings, exit codes, mappings, decisions, words and links."""

import argparse
import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest
import yaml
from pydantic_core import PydanticUndefined

from booksales.cli import parser
from jobs_config.errors import ExitCode
from jobs_config.feed import SALES_TARGETS, FeedColumn, FeedConfig
from jobs_config.loader import load_feed, load_source
from jobs_config.model import ColumnMapping, SourceMapping, TableMapping
from jobs_config.settings import PREFIX, Settings
from jobs_config.state import StateFolder
from spark_jobs.extract.select import FITTING
from spark_jobs.feed_targets import TARGETS, faults_of_feed
from warehouse.contract import tables_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
COMMANDS = (DOCS / "commands.md").read_text()
SETTINGS = (DOCS / "settings.md").read_text()
EXTRACTION = (DOCS / "extraction.md").read_text()
FEEDS = (DOCS / "feeds.md").read_text()
GLOSSARY = (DOCS / "glossary.md").read_text()

PRODUCT = ("api", "booksales", "datagen", "jobs_config", "spark_jobs", "streamlit_app", "warehouse")
BUILT = {"build", "dist"}
WHOLE_SOURCE = ("source", "schema", "shop_currency", "tables")


def files(*endings: str) -> list[Path]:
    """The repository's own files of these kinds, neither built nor installed."""
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "." and path.name not in BUILT]
    below = [path for folder in folders for path in folder.rglob("*") if "/." not in str(path.relative_to(ROOT))]
    return sorted(path for path in [*ROOT.iterdir(), *below] if path.suffix in endings and path.is_file())


MARKDOWN = {str(path.relative_to(ROOT)): path.read_text() for path in files(".md")}
# This module names documents only to look for them.
CODE = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [*files(".py", ".yaml", ".sql", ".toml", ".properties"), ROOT / "Makefile", ROOT / ".ci" / "run"]
    if path != Path(__file__)
}


def section(text: str, title: str) -> str:
    """The text below a heading, up to the next one of any level."""
    found = re.search(rf"^#+ {re.escape(title)}$\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no heading {title!r}"
    return re.sub(r"```.*?```", "", found[1], flags=re.DOTALL)


def rows(text: str) -> list[list[str]]:
    """The cells of every table row whose first cell is code or a number."""
    lines = re.findall(r"^\| ((?:`|\d).*) \|$", text, re.MULTILINE)
    return [[cell.strip() for cell in line.split("|")] for line in lines]


def named(text: str) -> set[str]:
    """What the first cells of the table rows name."""
    return {cells[0].strip("`") for cells in rows(text)}


@cache
def verbs() -> dict[str, argparse.ArgumentParser]:
    (holder,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(holder.choices)


def options_of(verb: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Options and arguments of a verb by the name a person sees, without --help."""
    actions = [action for action in verb._actions if not isinstance(action, argparse._HelpAction)]
    return {(action.option_strings or [action.metavar or action.dest])[-1]: action for action in actions}


def slug(heading: str) -> str:
    """The anchor that a heading gets."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


# commands


def test_every_verb_has_a_section_and_nothing_else_looks_like_one() -> None:
    headings = re.findall(r"^## (.+)$", COMMANDS, re.MULTILINE)

    assert [title for title in headings if re.fullmatch(r"[a-z-]+", title)] == list(verbs())
    assert re.findall(r"^\| \[([a-z-]+)\]\(#\1\) \|", COMMANDS, re.MULTILINE) == list(verbs())


@pytest.mark.parametrize("name", verbs())
def test_every_option_of_a_verb_is_documented_and_no_other(name: str) -> None:
    assert named(section(COMMANDS, name)) == set(options_of(verbs()[name]))


@pytest.mark.parametrize("name", verbs())
def test_documented_defaults_are_the_parsers(name: str) -> None:
    documented = {cells[0].strip("`"): cells[1].strip("`") for cells in rows(section(COMMANDS, name))}

    for option, action in options_of(verbs()[name]).items():
        if isinstance(action.default, bool):
            assert documented[option] == "", option
        elif action.default is not None:
            assert documented[option] == str(action.default), option


@pytest.mark.parametrize("name", verbs())
def test_every_verb_has_an_example_that_parses(name: str) -> None:
    after = COMMANDS[COMMANDS.index(f"\n## {name}\n") :]
    block = re.search(r"```sh\n(.*?)```", after, re.DOTALL)
    assert block
    examples = [line.split("booksales ", 1)[1] for line in block[1].splitlines() if "booksales " in line]

    assert examples
    for example in examples:
        assert parser().parse_args(example.split()).verb == name


@pytest.mark.parametrize("document", MARKDOWN)
def test_commands_in_documents_are_verbs_with_known_options(document: str) -> None:
    # From a code span or a line of a shell block, up to its end.
    calls = re.findall(r"(?:`|^|/|\s)booksales ([a-z][a-z-]*)([^`\n#]*)", MARKDOWN[document], re.MULTILINE)

    for verb, rest in calls:
        assert verb in verbs(), f"booksales {verb}"
        unknown = set(re.findall(r"--[a-z-]+", rest)) - set(options_of(verbs()[verb])) - {"--help"}
        assert not unknown, f"booksales {verb} {unknown}"


def test_every_exit_code_is_documented_and_no_other() -> None:
    codes = [int(cells[0]) for cells in rows(section(COMMANDS, "Exit codes"))]

    assert codes == [int(code) for code in ExitCode]


def test_every_part_of_the_state_folder_is_documented() -> None:
    state = StateFolder(Path("/state"))
    parts = [str(getattr(state, name)) for name, kind in vars(StateFolder).items() if isinstance(kind, property)]

    names = {part.rsplit("/", 1)[1] for part in parts} | {"format", "secrets"}

    assert named(section(COMMANDS, "The state folder")) == names


# settings


def test_every_setting_is_documented_with_its_variable_and_default() -> None:
    documented = {cells[0]: cells[1:3] for cells in rows(section(SETTINGS, "Settings"))}
    defaults = {name: field.default for name, field in Settings.model_fields.items()}

    assert documented == {
        f"`{name}`": [f"`{PREFIX}{name.upper()}`", "empty" if default == "" else f"`{default}`"]
        for name, default in defaults.items()
    }


def test_every_variable_the_code_reads_is_documented_and_no_other() -> None:
    product = "\n".join(text for name, text in CODE.items() if name.split("/")[0] in PRODUCT)
    read = set(re.findall(rf"{PREFIX}[A-Z_]*[A-Z]", product))
    # Named in the code by PREFIX and the setting's name.
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}

    assert set(re.findall(rf"`({PREFIX}[A-Z_]*[A-Z])`", SETTINGS)) == read | settings


# extraction


def test_every_key_of_a_source_mapping_is_documented_and_no_other() -> None:
    described = section(EXTRACTION, "Another shop")
    keys = {field.alias or name for name, field in SourceMapping.model_fields.items()}
    keys |= {*TableMapping.model_fields, *ColumnMapping.model_fields}

    assert keys <= named(described)
    assert named(described) - keys == set(FITTING)


def test_the_types_that_fit_are_documented() -> None:
    documented = {cells[0].strip("`"): set(re.findall(r"`([^`]+)`", cells[1])) for cells in rows(EXTRACTION)}

    assert {ours: documented[ours] for ours in FITTING} == FITTING


def test_the_example_mapping_is_one() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", EXTRACTION, re.DOTALL)

    mapping = SourceMapping.model_validate(yaml.safe_load(example))

    assert mapping.tables["customers"].columns["email_hash"].pseudonymise == "email"


def test_the_tables_to_map_and_to_grant_are_those_of_silver() -> None:
    shop = load_source("bookstore")
    granted = re.search(r"grant select on (.*?)\n\s+to ", EXTRACTION, re.DOTALL)

    assert set(shop.tables) == set(tables_of("silver")) - {"quarantine", "suppressions", "titles"}
    assert f"all {len(shop.tables)} tables" in EXTRACTION
    assert granted
    assert re.findall(r"\w+", granted[1]) == [table.table for table in shop.tables.values()]


# feeds


def test_every_key_of_a_feed_and_its_columns_is_documented_with_its_default_and_no_other() -> None:
    documented = {cells[0].strip("`"): cells[1].strip("`") for cells in rows(section(FEEDS, "A feed"))}
    models = (*FeedConfig.model_fields.items(), *FeedColumn.model_fields.items())
    defaults = {name: _shown(field.default) for name, field in models}

    assert documented == defaults


def _shown(default: object) -> str:
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return "[" + ", ".join(f'"{item}"' for item in default) + "]"
    return str(default)


def test_every_target_is_documented_with_the_columns_it_takes() -> None:
    documented = {
        target: set(re.findall("`([^`]+)`", cells[2]))
        for cells in rows(section(FEEDS, "What records become"))
        for target in re.findall("`([^`]+)`", cells[0])
    }

    assert {target: documented[target] for target in ("titles", *SALES_TARGETS)} == {
        target: set(TARGETS[target].columns) for target in ("titles", *SALES_TARGETS)
    }
    assert documented["corrections"] == set()


def test_the_example_feed_is_one_and_fits_its_target() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", FEEDS, re.DOTALL)

    assert faults_of_feed(FeedConfig.model_validate(yaml.safe_load(example)), load_feed) == []


# decisions


def test_decisions_are_numbered_without_gap_and_have_their_parts() -> None:
    decisions = sorted((DOCS / "decisions").iterdir())

    for number, path in enumerate(decisions, start=1):
        text = path.read_text()
        assert path.name.startswith(f"{number:04d}-"), path.name
        assert text.startswith(f"# {number}. "), path.name
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences", "Status"], path.name


def test_every_decision_the_code_names_is_there() -> None:
    numbers = {int(number) for text in CODE.values() for number in re.findall(r"\bdecision (\d+)", text)}

    assert numbers
    assert [number for number in numbers if not list((DOCS / "decisions").glob(f"{number:04d}-*.md"))] == []


# glossary


def glossary() -> dict[str, list[str]]:
    """Each word of the table with the words not to be used for it."""
    lines = re.findall(r"^\| ([^|`]+) \| [^|]+ \|([^|]*)\|$", GLOSSARY, re.MULTILINE)[1:]
    return {word: [other for other in not_used.strip().split(", ") if other] for word, not_used in lines}


def test_glossary_words_are_in_order_and_explained_once() -> None:
    words = list(glossary())

    assert len(words) > 40
    assert words == sorted(set(words), key=str.lower)


@pytest.mark.parametrize("word", glossary())
def test_a_glossary_word_is_used(word: str) -> None:
    others = [*CODE.values(), *(text for name, text in MARKDOWN.items() if name != "docs/glossary.md")]
    spelt = re.compile(re.escape(word).replace(r"\ ", r"[\s_]+").replace(r"\-", "[-_ ]"), re.IGNORECASE)

    assert any(spelt.search(text) for text in others)


def test_documents_use_the_glossarys_words() -> None:
    documents = {name: text for name, text in MARKDOWN.items() if name != "docs/glossary.md"}
    instead = [other for not_used in glossary().values() for other in not_used]

    assert [(name, word) for name, text in documents.items() for word in instead if f" {word} " in text.lower()] == []


# links, paths and code in documents


@pytest.mark.parametrize("document", MARKDOWN)
def test_relative_links_lead_somewhere(document: str) -> None:
    text = re.sub(r"```.*?```", "", MARKDOWN[document], flags=re.DOTALL)

    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = ROOT / Path(document).parent / path if path else ROOT / document
        assert place.exists(), target
        if anchor:
            anchors = [slug(title) for title in re.findall(r"^#+ (.+)$", place.read_text(), re.MULTILINE)]
            assert anchor in anchors, target


def test_every_document_that_code_names_is_there() -> None:
    found = [(name, path) for name, text in CODE.items() for path in re.findall(r"\bdocs/[\w./-]*\w", text)]

    # tests/docs/… is a path of its own, and a file that is made on demand need not be there.
    missing = [(name, path) for name, path in found if not (ROOT / path).exists() and not path.endswith(".png")]
    assert [item for item in missing if not (ROOT / "tests" / item[1]).exists()] == []


@pytest.mark.parametrize("document", [name for name in MARKDOWN if name.startswith("docs/runbooks/")])
def test_python_in_runbooks_names_what_is_there(document: str) -> None:
    for example in re.findall(r"```python\n(.*?)```", MARKDOWN[document], re.DOTALL):
        for statement in ast.walk(ast.parse(example)):
            if isinstance(statement, ast.ImportFrom):
                module = importlib.import_module(str(statement.module))
                assert [alias.name for alias in statement.names if not hasattr(module, alias.name)] == []


def test_make_targets_in_documents_are_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", CODE["Makefile"], re.MULTILINE))
    named_targets = {
        target for text in MARKDOWN.values() for target in re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)
    }

    assert named_targets
    assert named_targets <= targets
