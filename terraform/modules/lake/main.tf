# Buckets: the lake, what is exported to the warehouse, what jobs are made of, and who asked for any of it.

data "aws_caller_identity" "current" {}

locals {
  # Days after which what is in a bucket goes by itself; 0 for never. `booksales maintain` looks after the lake.
  buckets = {
    lake      = { expires_after_days = 0 }
    exports   = { expires_after_days = 7 }
    artifacts = { expires_after_days = 0 }
  }
}

resource "aws_s3_bucket" "data" {
  # checkov:skip=CKV_AWS_144:everything here can be built anew from the shop and the repository; a copy in another region doubles the bill
  # checkov:skip=CKV2_AWS_62:nothing waits for single objects; runs are started by schedule
  for_each = local.buckets

  bucket = "${var.name}-${each.key}-${var.bucket_suffix}"
}

resource "aws_s3_bucket_public_access_block" "data" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.data[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "data" {
  for_each = local.buckets

  bucket = aws_s3_bucket.data[each.key].id

  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_versioning" "data" {
  for_each = local.buckets

  bucket = aws_s3_bucket.data[each.key].id

  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  for_each = local.buckets

  bucket = aws_s3_bucket.data[each.key].id

  rule {
    # One call to KMS for many objects: Delta writes thousands of small ones.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.data_key_arn
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  for_each = local.buckets

  bucket = aws_s3_bucket.data[each.key].id

  rule {
    id     = "leftovers"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload { days_after_initiation = 3 }

    # Long enough to undo a mistake, short enough that an erased person is gone: docs/privacy.md.
    noncurrent_version_expiration { noncurrent_days = 7 }
  }

  dynamic "rule" {
    for_each = each.value.expires_after_days > 0 ? [each.value.expires_after_days] : []

    content {
      id     = "expire"
      status = "Enabled"

      filter {}

      expiration { days = rule.value }
    }
  }
}

resource "aws_s3_bucket_logging" "data" {
  for_each = local.buckets

  bucket        = aws_s3_bucket.data[each.key].id
  target_bucket = aws_s3_bucket.logs.id
  target_prefix = "s3/${each.key}/"
}

resource "aws_s3_bucket_policy" "data" {
  for_each = local.buckets

  bucket = aws_s3_bucket.data[each.key].id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Action    = "s3:*" # a Deny: the wider the better
        Principal = "*"
        Resource  = [aws_s3_bucket.data[each.key].arn, "${aws_s3_bucket.data[each.key].arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      # Who names no encryption gets the bucket's own, which is our key. A negated condition holds where the header is absent, so
      # each is asked for first.
      {
        Sid       = "NoOtherKey"
        Effect    = "Deny"
        Action    = "s3:PutObject"
        Principal = "*"
        Resource  = "${aws_s3_bucket.data[each.key].arn}/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = var.data_key_arn }
        }
      },
      {
        Sid       = "NoOtherEncryption"
        Effect    = "Deny"
        Action    = "s3:PutObject"
        Principal = "*"
        Resource  = "${aws_s3_bucket.data[each.key].arn}/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
        }
      },
      # Who names KMS and no key would get S3's own.
      {
        Sid       = "NoUnnamedKey"
        Effect    = "Deny"
        Action    = "s3:PutObject"
        Principal = "*"
        Resource  = "${aws_s3_bucket.data[each.key].arn}/*"
        Condition = {
          Null = {
            "s3:x-amz-server-side-encryption"                = "false"
            "s3:x-amz-server-side-encryption-aws-kms-key-id" = "true"
          }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.data]
}
