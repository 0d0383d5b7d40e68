resource "aws_emrserverless_application" "spark" {
  count = local.is_glue ? 0 : 1

  name          = var.name
  type          = "spark"
  release_label = var.emr.release
  architecture  = "X86_64"

  # With Python, the wheel and what it needs: containers/jobs.Dockerfile.
  image_configuration {
    image_uri = var.emr.image_uri
  }

  maximum_capacity {
    cpu    = "${var.emr.most_vcpu} vCPU"
    memory = "${var.emr.most_gb} GB"
  }

  auto_start_configuration {
    enabled = true
  }

  auto_stop_configuration {
    enabled              = true
    idle_timeout_minutes = var.emr.idle_minutes
  }

  network_configuration {
    subnet_ids         = var.subnet_ids
    security_group_ids = [var.security_group_id]
  }
}
