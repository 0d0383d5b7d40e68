# The machines' role: start the two jobs, ask the Lambda, say how it ended.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  arn     = "arn:${data.aws_partition.current.partition}"
  region  = data.aws_region.current.name
  account = data.aws_caller_identity.current.account_id

  # Of the two kinds of job only one is there.
  glue_statements = [for arns in [values(var.jobs.job_arns)] : {
    Sid      = "RunJobs"
    Effect   = "Allow"
    Action   = ["glue:StartJobRun", "glue:GetJobRun", "glue:GetJobRuns", "glue:BatchStopJobRun"]
    Resource = arns
  } if local.is_glue]

  emr_serverless_statements = flatten([for application in [var.jobs.application] : [
    {
      Sid      = "RunJobs"
      Effect   = "Allow"
      Action   = ["emr-serverless:StartJobRun"]
      Resource = [application.arn]
    },
    {
      Sid      = "WatchJobs"
      Effect   = "Allow"
      Action   = ["emr-serverless:GetJobRun", "emr-serverless:CancelJobRun"]
      Resource = ["${application.arn}/jobruns/*"]
    },
    {
      Sid       = "GiveJobsTheirRole"
      Effect    = "Allow"
      Action    = ["iam:PassRole"]
      Resource  = values(var.jobs.role_arns)
      Condition = { StringEquals = { "iam:PassedToService" = "emr-serverless.amazonaws.com" } }
    },
    {
      Sid      = "HearOfJobs"
      Effect   = "Allow"
      Action   = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
      Resource = ["${local.arn}:events:${local.region}:${local.account}:rule/StepFunctionsGetEventsForEMRServerlessJobRule"]
    },
  ] if !local.is_glue])

  tracing_statement = {
    Sid    = "Trace"
    Effect = "Allow"
    Action = ["xray:PutTraceSegments", "xray:PutTelemetryRecords", "xray:GetSamplingRules", "xray:GetSamplingTargets"]
    # AWS demands it: X-Ray's actions know no resource.
    Resource = ["*"]
  }
}

resource "aws_iam_role" "machine" {
  name = "${var.name}-machines"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "states.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "machine" {
  name = "run"
  role = aws_iam_role.machine.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(local.glue_statements, local.emr_serverless_statements, [
      {
        Sid      = "AskLambda"
        Effect   = "Allow"
        Action   = ["lambda:InvokeFunction"]
        Resource = [aws_lambda_function.steps.arn]
      },
      {
        Sid      = "Notify"
        Effect   = "Allow"
        Action   = ["sns:Publish"]
        Resource = [var.topic_arn]
      },
      {
        Sid      = "UseKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.key_arns.logs]
      },
      {
        Sid    = "DeliverLogs"
        Effect = "Allow"
        Action = [
          "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
          "logs:PutResourcePolicy", "logs:DescribeResourcePolicies", "logs:DescribeLogGroups",
        ]
        # AWS demands it: log deliveries know no resource.
        Resource = ["*"]
      },
      local.tracing_statement,
    ])
  })
}
