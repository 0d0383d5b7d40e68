locals {
  widgets = [
    {
      title  = "Runs that came through, and that failed (a day)"
      stat   = "Sum"
      period = 86400
      metrics = [
        for run in setproduct(keys(var.machine_arns), ["ExecutionsSucceeded", "ExecutionsFailed"]) :
        ["AWS/States", run[1], "StateMachineArn", var.machine_arns[run[0]], { label = "${run[0]}: ${run[1]}" }]
      ]
    },
    {
      title   = "How long runs take (ms)"
      stat    = "Maximum"
      period  = 3600
      metrics = [for machine, arn in var.machine_arns : ["AWS/States", "ExecutionTime", "StateMachineArn", arn, { label = machine }]]
    },
    {
      title  = "API: requests, and faults of its own"
      stat   = "Sum"
      period = 300
      metrics = [
        ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.balancer.balancer],
        ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.balancer.balancer],
      ]
    },
    {
      title   = "API: time of the slowest twentieth (s)"
      stat    = "p95"
      period  = 300
      metrics = [["AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.balancer.balancer]]
    },
    {
      title   = "Warehouse: RPU in use"
      stat    = "Average"
      period  = 300
      metrics = [["AWS/Redshift-Serverless", "ComputeCapacity", "Workgroup", var.workgroup_name]]
    },
    {
      title  = "Control database: CPU (%) and connections"
      stat   = "Average"
      period = 300
      metrics = [
        ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", var.database_identifier],
        ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", var.database_identifier],
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "operations" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [for place, widget in local.widgets : {
      type   = "metric"
      x      = (place % 2) * 12
      y      = floor(place / 2) * 6
      width  = 12
      height = 6
      properties = {
        title   = widget.title
        region  = data.aws_region.current.name
        stat    = widget.stat
        period  = widget.period
        metrics = widget.metrics
        view    = "timeSeries"
      }
    }]
  })
}
