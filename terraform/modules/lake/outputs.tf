output "bucket_arns" {
  description = "Buckets by what is in them: lake, exports, artifacts."
  value       = { for part, bucket in aws_s3_bucket.data : part => bucket.arn }
}

output "bucket_names" {
  description = "Names of the buckets by what is in them: lake, exports, artifacts."
  value       = { for part, bucket in aws_s3_bucket.data : part => bucket.id }
}

output "logs_bucket_name" {
  description = "Name of the bucket of access logs."
  value       = aws_s3_bucket.logs.id
}
