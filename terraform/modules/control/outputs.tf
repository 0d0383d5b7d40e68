output "host" {
  description = "Host of the server; its certificate is the region's RDS authority's."
  value       = aws_db_instance.control.address
}

output "database" {
  description = "The database on it."
  value       = aws_db_instance.control.db_name
}

output "identifier" {
  description = "Name of the server in metrics."
  value       = aws_db_instance.control.identifier
}

output "administrator_secret_arn" {
  description = "Where RDS keeps the administrator's password."
  value       = one(aws_db_instance.control.master_user_secret[*].secret_arn)
}
