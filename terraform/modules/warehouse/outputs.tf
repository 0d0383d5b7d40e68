output "workgroup_arn" {
  description = "The workgroup."
  value       = aws_redshiftserverless_workgroup.main.arn
}

output "workgroup_name" {
  description = "The workgroup, as redshift_connector asks for it."
  value       = aws_redshiftserverless_workgroup.main.workgroup_name
}

output "host" {
  description = "Host of the workgroup; its certificate is a public authority's."
  value       = one(aws_redshiftserverless_workgroup.main.endpoint[*].address)
}

output "database" {
  description = "The database in it."
  value       = aws_redshiftserverless_namespace.main.db_name
}

output "copy_role_arn" {
  description = "The role that COPY names."
  value       = aws_iam_role.copy.arn
}
