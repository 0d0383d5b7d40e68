resource "aws_scheduler_schedule_group" "main" {
  name = var.name
}

resource "aws_scheduler_schedule" "machine" {
  for_each = var.schedules

  name                         = each.key
  group_name                   = aws_scheduler_schedule_group.main.name
  description                  = "Starts the state machine ${each.key}"
  schedule_expression          = each.value.expression
  schedule_expression_timezone = var.time_zone
  state                        = each.value.is_enabled ? "ENABLED" : "DISABLED"
  kms_key_arn                  = var.key_arns.logs

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_sfn_state_machine.machine[each.key].arn
    role_arn = aws_iam_role.scheduler.arn
    input    = jsonencode({})

    retry_policy {
      maximum_retry_attempts       = 10
      maximum_event_age_in_seconds = 7200
    }

    dead_letter_config {
      arn = aws_sqs_queue.not_started.arn
    }
  }
}

# Starts that came to nothing, for a person to look at; an alarm says when there is one.
resource "aws_sqs_queue" "not_started" {
  name                      = "${var.name}-not-started"
  kms_master_key_id         = var.key_arns.logs
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue_policy" "not_started" {
  queue_url = aws_sqs_queue.not_started.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TlsOnly"
      Effect    = "Deny"
      Action    = "sqs:*" # a Deny: the wider the better
      Principal = "*"
      Resource  = aws_sqs_queue.not_started.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_iam_role" "scheduler" {
  name = "${var.name}-scheduler"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "scheduler.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "scheduler" {
  name = "start"
  role = aws_iam_role.scheduler.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["states:StartExecution"]
        Resource = [for machine in keys(var.schedules) : aws_sfn_state_machine.machine[machine].arn]
      },
      {
        Effect   = "Allow"
        Action   = ["sqs:SendMessage"]
        Resource = [aws_sqs_queue.not_started.arn]
      },
      {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.key_arns.logs]
      },
    ]
  })
}
