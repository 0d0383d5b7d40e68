"""Spark settings for tests over tables of a few rows."""

# A few rows a table: compiling code for each plan costs more than running it. The demo that the README's test starts, and the
# cluster's, run as everybody's do.
FEW_ROWS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.maxPlanStringLength": "500",
}
