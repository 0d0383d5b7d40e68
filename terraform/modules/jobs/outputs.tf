output "job_names" {
  description = "Glue jobs by entry: pipeline, shop. Empty on EMR Serverless."
  value       = { for entry, job in aws_glue_job.entry : entry => job.name }
}

output "job_arns" {
  description = "Glue jobs by entry: pipeline, shop. Empty on EMR Serverless."
  value       = { for entry, job in aws_glue_job.entry : entry => job.arn }
}

output "application" {
  description = "The EMR Serverless application; null on Glue."
  value       = one([for spark in aws_emrserverless_application.spark : { id = spark.id, arn = spark.arn }])
}

output "role_arns" {
  description = "Roles that jobs run as, by entry: pipeline, shop."
  value       = { for entry, role in aws_iam_role.job : entry => role.arn }
}

output "role_names" {
  description = "Names of those roles, which are also their users in the warehouse."
  value       = { for entry, role in aws_iam_role.job : entry => role.name }
}

output "spark_conf" {
  description = "What any submission is started with."
  value       = local.spark_conf
}

output "postgresql_jar" {
  description = "The PostgreSQL driver in the package."
  value       = "${var.package.location}/jars/postgresql-${local.postgresql_driver}.jar"
}

output "log_group_name" {
  description = "Log group of the jobs; on Glue the beginning of the names of several."
  value       = local.log_prefix
}
