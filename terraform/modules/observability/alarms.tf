locals {
  # Sums and means over periods of five minutes, unless said otherwise.
  alarms = merge(
    {
      for machine, arn in var.machine_arns : "${machine}-failed" => {
        says       = "An execution of ${machine} failed; the topic and the run ledger say why. The version before still serves."
        namespace  = "AWS/States"
        metric     = "ExecutionsFailed"
        statistic  = "Sum"
        above      = 0
        dimensions = { StateMachineArn = arn }
      }
    },
    {
      for machine, arn in var.machine_arns : "${machine}-timed-out" => {
        says       = "An execution of ${machine} took longer than any should."
        namespace  = "AWS/States"
        metric     = "ExecutionsTimedOut"
        statistic  = "Sum"
        above      = 0
        dimensions = { StateMachineArn = arn }
      }
    },
    {
      not-started = {
        says       = "A schedule could not start its state machine: the message in the queue says which."
        namespace  = "AWS/SQS"
        metric     = "ApproximateNumberOfMessagesVisible"
        statistic  = "Maximum"
        above      = 0
        dimensions = { QueueName = var.dead_letter_queue_name }
      }
      control-cpu = {
        says       = "The control database is busy: sign-ins and questions wait."
        namespace  = "AWS/RDS"
        metric     = "CPUUtilization"
        statistic  = "Average"
        above      = 85
        dimensions = { DBInstanceIdentifier = var.database_identifier }
      }
      api-errors = {
        says       = "The API answers with faults of its own."
        namespace  = "AWS/ApplicationELB"
        metric     = "HTTPCode_Target_5XX_Count"
        statistic  = "Sum"
        above      = 10
        dimensions = { LoadBalancer = var.balancer.balancer }
      }
      api-slow = {
        says       = "The slowest twentieth of answers takes more than a second."
        namespace  = "AWS/ApplicationELB"
        metric     = "TargetResponseTime"
        statistic  = "p95"
        above      = 1
        dimensions = { LoadBalancer = var.balancer.balancer }
      }
      no-target = {
        says       = "A task of API and dashboard does not answer."
        namespace  = "AWS/ApplicationELB"
        metric     = "UnHealthyHostCount"
        statistic  = "Maximum"
        above      = 0
        dimensions = { LoadBalancer = var.balancer.balancer, TargetGroup = var.balancer.targets }
      }
    },
  )

  percentiles = ["p95"]
}

resource "aws_cloudwatch_metric_alarm" "above" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = contains(local.percentiles, each.value.statistic) ? null : each.value.statistic
  extended_statistic  = contains(local.percentiles, each.value.statistic) ? each.value.statistic : null
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  period              = 300
  evaluation_periods  = each.value.above == 0 ? 1 : 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

# No sync came through: nothing failed perhaps, for nothing was started. So silence breaches too.
resource "aws_cloudwatch_metric_alarm" "stale" {
  alarm_name          = "${var.name}-stale"
  alarm_description   = "No sync came through for ${var.hours_until_stale} hours: readers see old figures."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsSucceeded"
  dimensions          = { StateMachineArn = var.machine_arns["sync"] }
  statistic           = "Sum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 3600
  evaluation_periods  = var.hours_until_stale
  datapoints_to_alarm = var.hours_until_stale
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}

resource "aws_cloudwatch_metric_alarm" "control_storage" {
  alarm_name          = "${var.name}-control-storage"
  alarm_description   = "Less than 2 GiB of the control database's storage are free, although it grows by itself."
  namespace           = "AWS/RDS"
  metric_name         = "FreeStorageSpace"
  dimensions          = { DBInstanceIdentifier = var.database_identifier }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 2 * 1073741824
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]
}
