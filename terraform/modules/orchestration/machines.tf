# One machine for each verb of the pipeline, and one for test data. Decision 25 says why a verb is one job run.

locals {
  is_glue   = var.runtime == "glue"
  commands  = toset(["reload", "sync", "sweep", "maintain"])
  templates = "${path.module}/templates"

  run_resource = "arn:${data.aws_partition.current.partition}:states:::${local.is_glue ? "glue" : "emr-serverless"}:startJobRun.sync"

  # Arguments as the machine's language spells a list; only what differs between executions is filled in there.
  quoted_places = join(", ", [for argument in var.pipeline_arguments : "'${argument}'"])
  execution     = "States.Format('--execution={}', $$.Execution.Name)"
  arguments = merge(
    { for command in local.commands : command => "States.Array('${command}', ${local.quoted_places}, ${local.execution}, '--log-format=json', $.flag)" },
    {
      smoke = "States.Array('smoke', ${local.quoted_places}, '--log-format=json')"
      generate = join("", [
        "States.Array(States.Format('--sales={}', $.sales), States.Format('--years={}', $.years), States.Format('--seed={}', $.seed), ",
        "States.Format('--faults={}', $.faults), ",
        join(", ", [for argument in var.generate_arguments : "'${argument}'"]), ")",
      ])
    },
  )

  spark_parameters = join(" ", concat(
    [for name, value in var.jobs.spark_conf : "--conf ${name}=${value}"],
    ["--conf spark.jars=/usr/share/aws/delta/lib/delta-spark.jar,/usr/share/aws/delta/lib/delta-storage.jar,${var.jobs.postgresql_jar}"],
  ))

  run_parameters = {
    for command, arguments in local.arguments : command => local.is_glue ? templatefile("${local.templates}/glue_run.json.tftpl", {
      job_name  = var.jobs.job_names[command == "generate" ? "shop" : "pipeline"]
      arguments = arguments
      }) : templatefile("${local.templates}/emr_serverless_run.json.tftpl", {
      application_id   = var.jobs.application.id
      role_arn         = var.jobs.role_arns[command == "generate" ? "shop" : "pipeline"]
      entry_point      = "${var.package.location}/${command == "generate" ? "generate.py" : "main.py"}"
      arguments        = arguments
      spark_parameters = local.spark_parameters
      log_group        = var.jobs.log_group_name
      logs_key         = var.key_arns.logs
    })
  }

  shared = {
    name                = var.name
    run_resource        = local.run_resource
    steps_function      = aws_lambda_function.steps.arn
    topic               = var.topic_arn
    job_timeout_seconds = var.job_timeout_minutes * 60
    lease_wait_seconds  = 300
    lease_attempts      = 12
    lambda_retry        = file("${local.templates}/lambda_retry.json")
    sns_retry           = file("${local.templates}/sns_retry.json")
    job_retry           = templatefile("${local.templates}/job_retry.json.tftpl", { service_wait_seconds = 30, job_wait_seconds = 60 })
    # Waiting for the lease, two attempts of the job, the question, and what is between them.
    timeout_seconds = 12 * 300 + 4 * var.job_timeout_minutes * 60
  }

  definitions = merge(
    {
      for command in local.commands : command => templatefile("${local.templates}/pipeline.asl.json.tftpl", merge(local.shared, {
        command          = command
        run_parameters   = local.run_parameters[command]
        smoke_parameters = local.run_parameters["smoke"]
      }))
    },
    {
      generate = templatefile("${local.templates}/generate.asl.json.tftpl", merge(local.shared, {
        generate_parameters = local.run_parameters["generate"]
      }))
    },
  )
}

resource "aws_sfn_state_machine" "machine" {
  for_each = local.definitions

  name       = "${var.name}-${each.key}"
  role_arn   = aws_iam_role.machine.arn
  type       = "STANDARD"
  definition = each.value

  logging_configuration {
    log_destination        = "${aws_cloudwatch_log_group.machines.arn}:*"
    include_execution_data = true
    level                  = "ALL"
  }

  tracing_configuration {
    enabled = true
  }

  encryption_configuration {
    type                              = "CUSTOMER_MANAGED_KMS_KEY"
    kms_key_id                        = var.key_arns.logs
    kms_data_key_reuse_period_seconds = 300
  }
}

# Step Functions writes only to groups whose names begin so.
resource "aws_cloudwatch_log_group" "machines" {
  name              = "/aws/vendedlogs/states/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
}
