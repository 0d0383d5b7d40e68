# Where Spark runs. Lake and warehouse have one writer: whoever has the lease.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  is_glue = var.runtime == "glue"
  region  = data.aws_region.current.name
  account = data.aws_caller_identity.current.account_id
  arn     = "arn:${data.aws_partition.current.partition}"

  log_prefix = "/${var.name}/jobs"

  # What jobs are started with, wherever they run. Delta is enabled here and nowhere in the code.
  spark_conf = {
    "spark.sql.extensions"            = "io.delta.sql.DeltaSparkSessionExtension"
    "spark.sql.catalog.spark_catalog" = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
    "spark.driver.extraJavaOptions"   = "-Duser.timezone=UTC"
    "spark.executor.extraJavaOptions" = "-Duser.timezone=UTC"
    "spark.files"                     = "${var.package.location}/rds-ca.pem"
  }

  # Entry files of the package, and who runs them.
  entries = {
    pipeline = { file = "main.py", secret = var.secret_arns.jobs }
    shop     = { file = "generate.py", secret = var.secret_arns.shop }
  }
}

# Glue parts what Spark says from what the job says, and with a security configuration by role.
resource "aws_cloudwatch_log_group" "jobs" {
  for_each = toset(local.is_glue ? flatten([
    for entry in keys(local.entries) : [for part in ["error", "output"] : "/${var.name}-role/${var.name}-${entry}/${part}"]
  ]) : [""])

  name              = "${local.log_prefix}${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
}
