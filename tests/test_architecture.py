"""The arrows between the top-level folders, what loads with what, and names that would hide others."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What each folder may import of ours; a name stands for itself and everything below it.
MAY_IMPORT = {
    "booksales": ("api", "datagen", "jobs_config", "spark_jobs", "streamlit_app", "warehouse"),
    "spark_jobs": ("warehouse", "jobs_config"),
    "api": ("warehouse", "jobs_config"),
    "datagen": ("warehouse", "jobs_config"),
    "streamlit_app": ("jobs_config", "api.client"),
    "warehouse": (),
    "jobs_config": (),
    # Not shipped: it measures the others, and starts what they need.
    "bench": ("api", "booksales", "datagen", "jobs_config", "spark_jobs", "warehouse"),
}
# `verify` must not trust the pipeline's own counts, and people do not wait for Spark, so another library reads the lake's files
# too; generated files become Delta tables for whoever wants them; the catalog says of tables that they are.
KNOW_DELTA = {"spark_jobs/tables.py", "spark_jobs/catalog.py", "booksales/lake_files.py", "datagen/files/formats.py"}
# spark-submit and `streamlit run` put these first on sys.path.
SCRIPT_FOLDERS = ("spark_jobs", "streamlit_app")


def trees(root: Path, folder: str) -> Iterator[tuple[str, ast.Module]]:
    """Path from the root, and syntax tree, of every module of a folder."""
    for path in sorted((root / folder).rglob("*.py")):
        yield path.relative_to(root).as_posix(), ast.parse(path.read_text(), str(path))


def imported(tree: ast.AST) -> Iterator[str]:
    """Dotted names that a module imports, at its top or inside functions, by statement or by a name in quotes."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(level=0, module=str(module), names=names):
                yield from (f"{module}.{name.name}" for name in names)
            case ast.ImportFrom(level=level, module=module) if level:
                yield f"{'.' * level}{module or ''}"
            case ast.Call(
                func=ast.Name(id="__import__" | "import_module") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def wrong_arrows(root: Path) -> list[str]:
    """`file imports name` for each import that its folder may not make; relative imports are never right."""
    return [
        f"{path} imports {name}"
        for folder, allowed in MAY_IMPORT.items()
        for path, tree in trees(root, folder)
        for name in imported(tree)
        if name.startswith(".") or (name.split(".")[0] in MAY_IMPORT and not is_within(name, (folder, *allowed)))
    ]


def is_within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == other or name.startswith(f"{other}.") for other in allowed)


def knows_delta(tree: ast.AST) -> bool:
    """Whether a module imports a Delta library, names the format, or writes SQL over a Delta path."""
    if any(name.split(".")[0] in ("delta", "deltalake") for name in imported(tree)):
        return True
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return any(
        re.fullmatch("delta", text, re.I) or re.search(r"\bdelta\.`|\busing delta\b", text, re.I) for text in texts
    )


def hiding_names(root: Path, folder: str) -> list[str]:
    """Modules directly inside a script folder that hide a standard module, a dependency or a top-level folder."""
    taken = {*sys.stdlib_module_names, *packages_distributions(), *MAY_IMPORT}
    inside = [path for path in (root / folder).iterdir() if path.suffix == ".py" or any(path.glob("*.py"))]
    return sorted(path.name for path in inside if path.stem in taken)


def modules_after(statement: str) -> set[str]:
    """Top-level names of sys.modules in a new Python that has run the statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def written(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def test_every_top_level_package_has_its_arrows_here():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")}

    assert packages == set(MAY_IMPORT)


def test_no_folder_imports_what_it_may_not():
    assert wrong_arrows(ROOT) == []


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("api/a.py", "import spark_jobs.tables", "spark_jobs.tables"),
        ("api/routes/a.py", "from booksales import cli", "booksales.cli"),
        ("datagen/a.py", "def f():\n    from spark_jobs.transforms import isbn\n", "spark_jobs.transforms.isbn"),
        ("spark_jobs/a.py", "import importlib\nimportlib.import_module('datagen.shop')\n", "datagen.shop"),
        ("streamlit_app/a.py", "from warehouse.semantic import load_model", "warehouse.semantic.load_model"),
        ("streamlit_app/a.py", "from api import app", "api.app"),
        ("streamlit_app/a.py", "import api.client_of_another_kind", "api.client_of_another_kind"),
        ("warehouse/a.py", "import jobs_config.errors", "jobs_config.errors"),
        ("jobs_config/a.py", "if True:\n    import warehouse\n", "warehouse"),
        ("booksales/a.py", "from . import cli", "."),
    ],
    ids=[
        "the API asks the pipeline",
        "somebody imports the roof",
        "an import inside a function",
        "a module named in quotes",
        "the dashboard asks the warehouse",
        "the dashboard asks more than the client",
        "a name that only begins alike",
        "the warehouse asks how we run",
        "the configuration asks what data means",
        "a relative import",
    ],
)
def test_a_wrong_arrow_is_found(tmp_path, path, text, found):
    written(tmp_path, path, text)

    assert wrong_arrows(tmp_path) == [f"{path} imports {found}"]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("streamlit_app/a.py", "from api.client import Client\nfrom api import client\nimport streamlit_app.words"),
        ("spark_jobs/a.py", "from warehouse import contract\nimport jobs_config.loader, pyspark.sql"),
        ("booksales/a.py", "import api.app, datagen.shop, spark_jobs.main, streamlit_app.app, warehouse.ddl"),
        ("warehouse/a.py", "import warehousing, duckdb"),
    ],
    ids=["the dashboard and the client", "a job and the floor", "the roof and everything", "somebody else's package"],
)
def test_a_right_arrow_is_let_be(tmp_path, path, text):
    written(tmp_path, path, text)

    assert wrong_arrows(tmp_path) == []


def test_the_configuration_needs_no_spark_no_cloud_and_no_database():
    names = [path.stem for path in (ROOT / "jobs_config").glob("*.py") if path.stem != "__init__"]

    loaded = modules_after("\n".join(f"import jobs_config.{name}" for name in names))

    heavy = {"pyspark", "delta", "boto3", "botocore", "psycopg2", "sqlalchemy", "duckdb", "pandas", "pyarrow"}
    assert loaded & heavy == set()
    assert {"jobs_config", "pydantic", "yaml"} <= loaded


def test_the_ledger_and_the_lease_need_no_spark():
    names = [path.stem for path in (ROOT / "spark_jobs" / "control").glob("*.py") if path.stem != "__init__"]

    loaded = modules_after("\n".join(f"import spark_jobs.control.{name}" for name in names))

    assert loaded & {"pyspark", "delta", "py4j", "duckdb"} == set()
    assert {"spark_jobs", "sqlalchemy"} <= loaded


def test_the_client_of_the_api_needs_no_server_and_no_database():
    loaded = modules_after("import api.client")

    assert loaded & {"fastapi", "starlette", "uvicorn", "duckdb", "warehouse", "sqlalchemy"} == set()
    assert {"api", "httpx2"} <= loaded


def test_the_embedded_warehouse_needs_no_driver_of_aws():
    loaded = modules_after("import warehouse.embedded.warehouse, warehouse.warehouses, api.app")

    assert loaded & {"boto3", "botocore", "redshift_connector"} == set()
    assert {"warehouse", "duckdb"} <= loaded


def test_redshift_needs_no_embedded_database():
    loaded = modules_after("import warehouse.redshift.warehouse, warehouse.warehouses")

    assert loaded & {"boto3", "duckdb", "redshift_connector"} == set()


def test_only_one_module_of_the_pipeline_knows_delta():
    shipped = MAY_IMPORT.keys() - {"bench"}
    knowing = {path for folder in shipped for path, tree in trees(ROOT, folder) if knows_delta(tree)}

    assert knowing == KNOW_DELTA


@pytest.mark.parametrize(
    ("text", "knows"),
    [
        ("from delta.tables import DeltaTable", True),
        ("def f():\n    import deltalake\n", True),
        ("rows.write.format('delta').save(path)", True),
        ("spark.read.load(path, format='Delta')", True),
        ("spark.sql('select * from delta.`/lake/gold`')", True),
        ("from streamlit.delta_generator import DeltaGenerator", False),
        ("'''Not the Delta tables.'''\nfrom datetime import timedelta", False),
    ],
    ids=["its library", "another library", "the format", "the format as option", "in SQL", "Streamlit's word", "prose"],
)
def test_knowledge_of_delta_is_told_from_words_like_it(text, knows):
    assert knows_delta(ast.parse(text)) == knows


@pytest.mark.parametrize("folder", SCRIPT_FOLDERS)
def test_no_module_beside_a_script_hides_another(folder):
    assert hiding_names(ROOT, folder) == []


def test_a_module_that_hides_another_is_found(tmp_path):
    for name in ("logging.py", "yaml.py", "warehouse/__init__.py", "runner.py", "gold/__init__.py", "json.txt"):
        written(tmp_path, f"spark_jobs/{name}", "")

    assert hiding_names(tmp_path, "spark_jobs") == ["logging.py", "warehouse", "yaml.py"]


def test_no_folder_of_tests_is_a_package():
    # It would hide the folder that it mirrors.
    assert list((ROOT / "tests").rglob("__init__.py")) == []
