# Keys and secrets. Terraform makes the places; values are put there by a person, so that no state file ever holds one.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:root"

  # What is encrypted with a key of its own, and the AWS services that use the key in their own name.
  keys = {
    data    = { holds = "Lake, exports, warehouse, control database", services = [] }
    secrets = { holds = "Passwords and pseudonymisation keys", services = [] }
    logs = {
      holds    = "Log groups, alarms and queues"
      services = ["logs.${data.aws_region.current.name}.amazonaws.com", "cloudwatch.amazonaws.com", "delivery.logs.amazonaws.com", "budgets.amazonaws.com", "events.amazonaws.com"]
    }
  }

  # Variables that each actor finds in its secret, a JSON object. Nobody reads another's.
  secrets = {
    jobs    = ["BOOKSALES_SOURCE_PASSWORD", "BOOKSALES_LEDGER_PASSWORD", "BOOKSALES_PSEUDONYM_KEY", "BOOKSALES_LANDING_KEY"]
    steps   = ["BOOKSALES_LEDGER_PASSWORD"]
    serving = ["BOOKSALES_CONTROL_PASSWORD", "BOOKSALES_LEDGER_PASSWORD"]
    shop    = ["BOOKSALES_SOURCE_PASSWORD"]
  }
}

resource "aws_kms_key" "part" {
  for_each = local.keys

  description             = "${var.name}: ${each.value.holds}"
  enable_key_rotation     = true
  deletion_window_in_days = 30

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        # AWS demands both wildcards: a key's policy speaks of that key alone, and a key that the account
        # does not administer cannot be administered by anybody. Use is granted by the roles' own policies.
        Sid       = "AccountAdministers"
        Effect    = "Allow"
        Action    = "kms:*"
        Resource  = "*"
        Principal = { AWS = local.account }
      }],
      [for service in each.value.services : {
        Sid       = "Use${replace(title(replace(service, ".", " ")), " ", "")}"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*" # this key
        Principal = { Service = service }
        # Logs name the group they encrypt for; who delivers them names an account alone.
        Condition = startswith(service, "delivery.") ? {
          StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id }
          } : startswith(service, "logs.") ? {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.current.partition}:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group:/*" }
          } : {
          ArnLike = { "aws:SourceArn" = "arn:${data.aws_partition.current.partition}:*:*:${data.aws_caller_identity.current.account_id}:*" }
        }
      }],
    )
  })
}

resource "aws_kms_alias" "part" {
  for_each = local.keys

  name          = "alias/${var.name}-${each.key}"
  target_key_id = aws_kms_key.part[each.key].key_id
}

resource "aws_secretsmanager_secret" "actor" {
  # checkov:skip=CKV2_AWS_57:a new pseudonymisation key makes every customer a new one, and the shop's password is not ours to rotate
  for_each = local.secrets

  name                    = "${var.name}/${each.key}"
  description             = "JSON object with ${join(", ", each.value)}"
  kms_key_id              = aws_kms_key.part["secrets"].arn
  recovery_window_in_days = 30
}
