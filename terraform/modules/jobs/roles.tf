# One role for an actor: the pipeline reads the shop and writes lake, exports, catalog and warehouse; the generator fills a shop.

locals {
  service = local.is_glue ? "glue.amazonaws.com" : "emr-serverless.amazonaws.com"

  # What any job needs: its package, its scratch space, its secret, its log.
  common_statements = {
    for entry, job in local.entries : entry => [
      {
        Sid      = "ReadPackage"
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = ["${var.bucket_arns.artifacts}/*"]
      },
      {
        Sid      = "WriteScratch"
        Effect   = "Allow"
        Action   = ["s3:PutObject", "s3:DeleteObject"]
        Resource = ["${var.bucket_arns.artifacts}/scratch/*"]
      },
      {
        Sid      = "ListPackage"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation"]
        Resource = [var.bucket_arns.artifacts]
      },
      {
        Sid      = "ReadOwnSecret"
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue"]
        Resource = [job.secret]
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
      {
        Sid      = "UseDataKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [var.key_arns.data]
        Condition = {
          StringEquals = { "kms:ViaService" = "s3.${local.region}.amazonaws.com" }
        }
      },
      {
        Sid    = "WriteLog"
        Effect = "Allow"
        Action = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"]
        Resource = [
          "${local.arn}:logs:${local.region}:${local.account}:log-group:${local.log_prefix}*",
          "${local.arn}:logs:${local.region}:${local.account}:log-group:/aws-glue/jobs/*",
        ]
      },
    ]
  }

  glue_statements = [
    {
      Sid      = "ReadConnection"
      Effect   = "Allow"
      Action   = ["glue:GetConnection"]
      Resource = ["${local.arn}:glue:${local.region}:${local.account}:catalog", "${local.arn}:glue:${local.region}:${local.account}:connection/${var.name}"]
    },
    {
      Sid    = "SeeNetwork"
      Effect = "Allow"
      Action = ["ec2:DescribeSubnets", "ec2:DescribeSecurityGroups", "ec2:DescribeVpcEndpoints", "ec2:DescribeRouteTables", "ec2:DescribeVpcAttribute", "ec2:DescribeNetworkInterfaces"]
      # AWS demands it: EC2's Describe actions know no resource.
      Resource = ["*"]
    },
    {
      Sid    = "JoinNetwork"
      Effect = "Allow"
      Action = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:CreateTags", "ec2:DeleteTags"]
      Resource = concat(
        [
          "${local.arn}:ec2:${local.region}:${local.account}:network-interface/*",
          "${local.arn}:ec2:${local.region}:${local.account}:security-group/${var.security_group_id}",
        ],
        [for subnet in var.subnet_ids : "${local.arn}:ec2:${local.region}:${local.account}:subnet/${subnet}"],
      )
    },
    {
      Sid    = "Measure"
      Effect = "Allow"
      Action = ["cloudwatch:PutMetricData"]
      # AWS demands it: the action knows no resource. The condition names what may be measured.
      Resource  = ["*"]
      Condition = { StringEquals = { "cloudwatch:namespace" = "Glue" } }
    },
  ]

  own_statements = {
    shop = []
    pipeline = [
      {
        Sid      = "WriteLakeAndExports"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"]
        Resource = ["${var.bucket_arns.lake}/*", "${var.bucket_arns.exports}/*"]
      },
      {
        Sid      = "ListLakeAndExports"
        Effect   = "Allow"
        Action   = ["s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketMultipartUploads"]
        Resource = [var.bucket_arns.lake, var.bucket_arns.exports]
      },
      {
        Sid    = "RegisterTables"
        Effect = "Allow"
        Action = ["glue:GetTables", "glue:CreateTable", "glue:UpdateTable"]
        Resource = concat(
          ["${local.arn}:glue:${local.region}:${local.account}:catalog"],
          var.catalog_database_arns,
          [for name in var.catalog_database_names : "${local.arn}:glue:${local.region}:${local.account}:table/${name}/*"],
        )
      },
      {
        # Whoever reads or writes a catalog that is encrypted needs its key.
        Sid      = "UseCatalogKey"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"]
        Resource = [var.key_arns.data]
        Condition = {
          StringEquals = { "kms:ViaService" = "glue.${local.region}.amazonaws.com" }
        }
      },
      {
        Sid      = "SignInToWarehouse"
        Effect   = "Allow"
        Action   = ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"]
        Resource = [var.warehouse_arn]
      },
    ]
  }
}

resource "aws_iam_role" "job" {
  for_each = local.entries

  name = "${var.name}-${each.key}"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = local.service }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "job" {
  for_each = local.entries

  name = "run"
  role = aws_iam_role.job[each.key].id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = concat(local.common_statements[each.key], local.own_statements[each.key], [for statement in local.glue_statements : statement if local.is_glue])
  })
}
