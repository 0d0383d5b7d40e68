# Redshift Serverless. Sleeps while nobody asks; reached from private subnets only, by TLS, with IAM credentials of 15 minutes.

data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

locals {
  logs = ["connectionlog", "userlog", "useractivitylog"]
}

resource "aws_redshiftserverless_namespace" "main" {
  namespace_name                   = var.name
  db_name                          = "booksales"
  admin_username                   = "administrator"
  manage_admin_password            = true
  admin_password_secret_kms_key_id = var.key_arns.secrets
  kms_key_id                       = var.key_arns.data
  iam_roles                        = [aws_iam_role.copy.arn]
  default_iam_role_arn             = aws_iam_role.copy.arn
  log_exports                      = local.logs

  depends_on = [aws_cloudwatch_log_group.warehouse]
}

# Redshift would make them itself, without key and without end.
resource "aws_cloudwatch_log_group" "warehouse" {
  for_each = toset(local.logs)

  name              = "/aws/redshift/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arns.logs
}

resource "aws_redshiftserverless_workgroup" "main" {
  namespace_name       = aws_redshiftserverless_namespace.main.namespace_name
  workgroup_name       = var.name
  base_capacity        = var.capacity.base
  max_capacity         = var.capacity.most
  enhanced_vpc_routing = true
  publicly_accessible  = false
  subnet_ids           = var.subnet_ids
  security_group_ids   = [var.security_group_id]

  config_parameter {
    parameter_key   = "require_ssl"
    parameter_value = "true"
  }

  # A question that somebody forgot ends by itself.
  config_parameter {
    parameter_key   = "max_query_execution_time"
    parameter_value = "900"
  }
}

resource "aws_redshiftserverless_usage_limit" "compute" {
  resource_arn  = aws_redshiftserverless_workgroup.main.arn
  usage_type    = "serverless-compute"
  period        = "monthly"
  amount        = var.most_rpu_hours
  breach_action = "deactivate"
}

# COPY's own role. Gold's files are loaded from where they are in the lake, and listed in manifests among the exports.
resource "aws_iam_role" "copy" {
  name = "${var.name}-copy"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "copy" {
  name = "read-files"
  role = aws_iam_role.copy.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${var.bucket_arns.exports}/*", "${var.bucket_arns.lake}/${var.gold_prefix}/*"]
      },
      {
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = [var.bucket_arns.exports, var.bucket_arns.lake]
      },
      {
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.key_arns.data]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${data.aws_region.current.name}.amazonaws.com" } }
      },
    ]
  })
}
