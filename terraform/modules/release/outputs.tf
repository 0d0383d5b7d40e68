output "role_arn" {
  description = "The role that the workflow takes on: its variable AWS_PACKAGE_ROLE."
  value       = aws_iam_role.release.arn
}
