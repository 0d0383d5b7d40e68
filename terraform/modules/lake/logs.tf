# The bucket of access logs. Load balancers cannot write with a KMS key, so it is encrypted with S3's own.

resource "aws_s3_bucket" "logs" {
  # checkov:skip=CKV_AWS_145:neither S3's server access logs nor a load balancer's can be delivered with a customer's KMS key
  # checkov:skip=CKV_AWS_18:a bucket that logs itself never ends
  # checkov:skip=CKV_AWS_144:logs of one region, which nobody needs where the region is gone
  # checkov:skip=CKV2_AWS_62:nothing waits for single objects
  bucket = "${var.name}-logs-${var.bucket_suffix}"
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket                  = aws_s3_bucket.logs.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload { days_after_initiation = 3 }
    expiration { days = var.log_retention_days }
    noncurrent_version_expiration { noncurrent_days = 7 }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Action    = "s3:*" # a Deny: the wider the better
        Principal = "*"
        Resource  = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "BucketsLog"
        Effect    = "Allow"
        Action    = "s3:PutObject"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Resource  = "${aws_s3_bucket.logs.arn}/s3/*"
        Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
      },
      {
        Sid       = "BalancerLogs"
        Effect    = "Allow"
        Action    = "s3:PutObject"
        Principal = var.log_delivery_account_arn == "" ? { Service = "logdelivery.elasticloadbalancing.amazonaws.com" } : { AWS = var.log_delivery_account_arn }
        Resource  = "${aws_s3_bucket.logs.arn}/balancer/AWSLogs/${data.aws_caller_identity.current.account_id}/*"
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.logs]
}
