resource "aws_glue_security_configuration" "encrypted" {
  count = local.is_glue ? 1 : 0

  name = var.name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "SSE-KMS"
      kms_key_arn                = var.key_arns.logs
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = var.key_arns.data
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.key_arns.data
    }
  }
}

# How Glue's workers get into the private subnet.
resource "aws_glue_connection" "network" {
  count = local.is_glue ? 1 : 0

  name            = var.name
  connection_type = "NETWORK"

  physical_connection_requirements {
    subnet_id              = var.subnet_ids[0]
    availability_zone      = var.availability_zone
    security_group_id_list = [var.security_group_id]
  }
}

resource "aws_glue_job" "entry" {
  for_each = local.is_glue ? local.entries : {}

  name                   = "${var.name}-${each.key}"
  description            = "${each.value.file} of the package; its arguments come with each run"
  role_arn               = aws_iam_role.job[each.key].arn
  security_configuration = aws_glue_security_configuration.encrypted[0].name
  connections            = [aws_glue_connection.network[0].name]

  # Without a version Glue would start one with Spark 3.5.
  glue_version      = "6.0"
  worker_type       = var.worker.type
  number_of_workers = var.worker.most
  timeout           = var.worker.timeout_minutes
  # The state machine retries, and knows what for.
  max_retries = 0

  command {
    name            = "glueetl"
    script_location = "${var.package.location}/${each.value.file}"
    python_version  = "3"
  }

  # The pipeline's lease lets one write. A second may ask its question while the next run has begun.
  execution_property {
    max_concurrent_runs = each.key == "pipeline" ? 2 : 1
  }

  depends_on = [aws_cloudwatch_log_group.jobs]

  default_arguments = {
    "--datalake-formats"          = "delta"
    "--conf"                      = join(" --conf ", [for name, value in local.spark_conf : "${name}=${value}"])
    "--additional-python-modules" = "${var.package.location}/modules.gluewheels.zip"
    "--extra-jars"                = "${var.package.location}/jars/postgresql-${local.postgresql_driver}.jar"
    "--extra-files"               = "${var.package.location}/rds-ca.pem"
    "--enable-auto-scaling"       = "true"
    "--enable-metrics"            = "true"
    "--custom-logGroup-prefix"    = local.log_prefix
    "--TempDir"                   = "s3://${var.artifacts_bucket_name}/scratch/"
  }
}

locals {
  # As jobs_config/jars.yaml has it; a test holds the two together.
  postgresql_driver = "42.7.14"
}
