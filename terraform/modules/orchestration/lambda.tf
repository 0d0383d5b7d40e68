# The machines' word with the run ledger: is the lease free, how did the run end, and what failed. Seconds of work, no Spark.

resource "aws_lambda_function" "steps" {
  # checkov:skip=CKV_AWS_116:it is asked by the machines alone, which wait for the answer and catch its failure; nothing is queued
  # checkov:skip=CKV_AWS_272:the archive comes from the artifacts bucket, which jobs may only write scratch to; a digest of the package is beside it
  function_name = "${var.name}-steps"
  description   = "Asks and tells the run ledger for the state machines"
  role          = aws_iam_role.steps.arn
  s3_bucket     = var.package.bucket
  s3_key        = var.package.steps_key
  handler       = "spark_jobs.control.execution_steps.handler"
  runtime       = "python3.13"
  architectures = ["x86_64"]
  memory_size   = 512
  timeout       = 60
  kms_key_arn   = var.key_arns.secrets

  # More at once would mean more runs than there can be.
  reserved_concurrent_executions = 5

  environment {
    variables = {
      BOOKSALES_LEDGER_URL = var.ledger_url
      BOOKSALES_SECRET     = var.steps_secret_arn
      PGSSLROOTCERT        = "/var/task/rds-ca.pem"
    }
  }

  vpc_config {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }

  tracing_config {
    mode = "Active"
  }

  depends_on = [aws_cloudwatch_log_group.steps, aws_iam_role_policy.steps]
}

resource "aws_cloudwatch_log_group" "steps" {
  name              = "/aws/lambda/${var.name}-steps"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
}

resource "aws_iam_role" "steps" {
  name = "${var.name}-steps"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "steps" {
  # checkov:skip=CKV_AWS_290:Lambda checks its role for network interfaces without naming one
  # checkov:skip=CKV_AWS_355:Lambda checks its role for network interfaces without naming one
  name = "run"
  role = aws_iam_role.steps.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.steps.arn}:*"]
      },
      {
        Sid      = "ReadOwnSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.steps_secret_arn]
      },
      {
        Sid      = "Decrypt"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.key_arns.secrets]
      },
      {
        Sid    = "JoinNetwork"
        Effect = "Allow"
        Action = [
          "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets", "ec2:DeleteNetworkInterface",
          "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses",
        ]
        # AWS demands it: Lambda checks the role for these actions without naming a resource.
        Resource = ["*"]
      },
      local.tracing_statement,
    ]
  })
}
