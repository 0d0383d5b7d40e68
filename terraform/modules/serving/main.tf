# API and dashboard on Fargate. Both listen on loopback alone (decision 18), so a task holds one of each and a proxy with TLS before
# them. The state folder (signing keys, heads of the audit) is a file system that all tasks share.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  region     = data.aws_region.current.name
  proxy_port = 8443

  # Nobody's root, and no capability.
  container_defaults = {
    essential              = true
    readonlyRootFilesystem = true
    user                   = "10001:10001"
    linuxParameters        = { capabilities = { drop = ["ALL"] }, initProcessEnabled = true }
  }

  log_options = {
    for container in ["api", "dashboard", "proxy"] : container => {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.serving.name
        "awslogs-region"        = local.region
        "awslogs-stream-prefix" = container
      }
    }
  }
}

resource "aws_cloudwatch_log_group" "serving" {
  name              = "/${var.name}/serving"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
}

resource "aws_ecr_repository" "image" {
  for_each = toset(["api", "dashboard", "proxy", "jobs"])

  name                 = "${var.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.key_arns.data
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

# EMR Serverless takes the jobs' image itself, not by the role of the job.
resource "aws_ecr_repository_policy" "jobs" {
  repository = aws_ecr_repository.image["jobs"].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "EmrServerlessPulls"
      Effect    = "Allow"
      Action    = ["ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer"]
      Principal = { Service = "emr-serverless.amazonaws.com" }
      Condition = {
        ArnLike = { "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:emr-serverless:${local.region}:${data.aws_caller_identity.current.account_id}:/applications/*" }
      }
    }]
  })
}

resource "aws_ecr_lifecycle_policy" "image" {
  for_each = aws_ecr_repository.image

  repository = each.value.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "The newest twenty, to go back to"
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 20 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_ecs_cluster" "main" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "serving" {
  family                   = "${var.name}-serving"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.size.cpu
  memory                   = var.size.memory_mb
  execution_role_arn       = aws_iam_role.start.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "state"

    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.state.id
      transit_encryption = "ENABLED"

      authorization_config {
        access_point_id = aws_efs_access_point.state.id
        iam             = "ENABLED"
      }
    }
  }

  # Scratch space of containers whose own file system cannot be written.
  volume { name = "api_tmp" }
  volume { name = "dashboard_tmp" }
  volume { name = "proxy_tmp" }

  container_definitions = jsonencode([
    merge(local.container_defaults, {
      name             = "api"
      image            = var.image_uris.api
      logConfiguration = local.log_options["api"]
      mountPoints = [
        { sourceVolume = "state", containerPath = "/state" },
        { sourceVolume = "api_tmp", containerPath = "/tmp" },
      ]
      environment = [for name, value in merge(var.api_environment, {
        BOOKSALES_HOME            = "/state/booksales"
        BOOKSALES_API_HOSTS       = var.domain
        BOOKSALES_TRUSTED_PROXIES = "127.0.0.1"
      }) : { name = name, value = value }]
      secrets = [for name in ["BOOKSALES_CONTROL_PASSWORD", "BOOKSALES_LEDGER_PASSWORD"] : {
        name = name, valueFrom = "${var.secret_arn}:${name}::"
      }]
    }),
    merge(local.container_defaults, {
      name             = "dashboard"
      image            = var.image_uris.dashboard
      logConfiguration = local.log_options["dashboard"]
      mountPoints      = [{ sourceVolume = "dashboard_tmp", containerPath = "/tmp" }]
      dependsOn        = [{ containerName = "api", condition = "START" }]
    }),
    merge(local.container_defaults, {
      name             = "proxy"
      image            = var.image_uris.proxy
      logConfiguration = local.log_options["proxy"]
      mountPoints      = [{ sourceVolume = "proxy_tmp", containerPath = "/tmp" }]
      portMappings     = [{ containerPort = local.proxy_port, protocol = "tcp" }]
      environment      = [{ name = "SERVER_NAME", value = var.domain }]
      dependsOn = [
        { containerName = "api", condition = "START" },
        { containerName = "dashboard", condition = "START" },
      ]
    }),
  ])
}

resource "aws_ecs_service" "serving" {
  name                              = "serving"
  cluster                           = aws_ecs_cluster.main.id
  task_definition                   = aws_ecs_task_definition.serving.arn
  desired_count                     = var.tasks.least
  launch_type                       = "FARGATE"
  platform_version                  = "LATEST"
  health_check_grace_period_seconds = 120
  enable_execute_command            = false
  propagate_tags                    = "SERVICE"

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_ids["serving"]]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.serving.arn
    container_name   = "proxy"
    container_port   = local.proxy_port
  }

  # A version that does not come up is taken back.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  lifecycle {
    ignore_changes = [desired_count] # autoscaling's
  }

  depends_on = [aws_lb_listener.https]
}
