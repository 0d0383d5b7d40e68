output "prefix" {
  description = "What databases of the catalog are called before _silver and _gold: the setting `catalog` of jobs."
  value       = local.prefix
}

output "database_names" {
  description = "Databases of the catalog by layer."
  value       = { for layer, database in aws_glue_catalog_database.layer : layer => database.name }
}

output "database_arns" {
  description = "Databases of the catalog by layer."
  value       = { for layer, database in aws_glue_catalog_database.layer : layer => database.arn }
}
