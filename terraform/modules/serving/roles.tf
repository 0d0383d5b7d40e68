# Two roles: what ECS needs to start a task, and what the API may do once it runs.

locals {
  # Those that people start by the API.
  machines = ["sync", "reload", "generate"]

  assumed_by_ecs = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role" "start" {
  name               = "${var.name}-serving-start"
  assume_role_policy = local.assumed_by_ecs
}

resource "aws_iam_role_policy" "start" {
  name = "start"
  role = aws_iam_role.start.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "SignInToRegistry"
        Effect = "Allow"
        Action = ["ecr:GetAuthorizationToken"]
        # AWS demands it: the action knows no resource.
        Resource = ["*"]
      },
      {
        Sid      = "Pull"
        Effect   = "Allow"
        Action   = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = [for image in aws_ecr_repository.image : image.arn]
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.serving.arn}:*"]
      },
      {
        Sid      = "ReadOwnSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [var.secret_arn]
      },
      {
        Sid      = "DecryptOwnSecret"
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [var.key_arns.secrets]
        Condition = {
          StringEquals = { "kms:ViaService" = "secretsmanager.${local.region}.amazonaws.com" }
        }
      },
    ]
  })
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-serving"
  assume_role_policy = local.assumed_by_ecs
}

resource "aws_iam_role_policy" "task" {
  name = "serve"
  role = aws_iam_role.task.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SignInToWarehouse"
        Effect   = "Allow"
        Action   = ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"]
        Resource = [var.warehouse_arn]
      },
      {
        Sid       = "UseStateFolder"
        Effect    = "Allow"
        Action    = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource  = [aws_efs_file_system.state.arn]
        Condition = { StringEquals = { "elasticfilesystem:AccessPointArn" = aws_efs_access_point.state.arn } }
      },
      {
        Sid      = "StartJobs"
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = [for verb in local.machines : "${var.machine_prefix}-${verb}"]
      },
      {
        Sid      = "FollowJobs"
        Effect   = "Allow"
        Action   = ["states:DescribeExecution", "states:StopExecution"]
        Resource = [for verb in local.machines : "${replace(var.machine_prefix, ":stateMachine:", ":execution:")}-${verb}:*"]
      },
      {
        Sid       = "DecryptExecutions"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.key_arns.logs]
        Condition = { StringEquals = { "kms:ViaService" = "states.${local.region}.amazonaws.com" } }
      },
    ]
  })
}
