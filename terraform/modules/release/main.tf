# Who may put a package where jobs are made of it: the repository's workflow, and only when it runs for a tag of a version.

locals {
  issuer = "token.actions.githubusercontent.com"
}

# An account has one provider for an issuer, so this stack's is made where no other has made it.
resource "aws_iam_openid_connect_provider" "workflows" {
  count = var.provider_arn == "" ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "release" {
  name = "${var.name}-release"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = var.provider_arn == "" ? aws_iam_openid_connect_provider.workflows[0].arn : var.provider_arn }
      Condition = {
        StringEquals = { "${local.issuer}:aud" = "sts.amazonaws.com" }
        StringLike   = { "${local.issuer}:sub" = "repo:${var.repository}:ref:refs/tags/v*" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "release" {
  name = "put-package"
  role = aws_iam_role.release.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "PutPackage"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"]
        Resource = ["${var.artifacts_bucket_arn}/*"]
      },
      {
        Sid      = "SeeWhatIsThere"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = [var.artifacts_bucket_arn]
      },
      {
        Sid       = "UseDataKey"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.data_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
    ]
  })
}
