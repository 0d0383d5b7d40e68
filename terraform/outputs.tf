output "artifacts_bucket" {
  description = "Where `booksales aws package` puts what jobs are made of."
  value       = module.lake.bucket_names["artifacts"]
}

output "release_role" {
  description = "The role that the workflow takes on to put a package there; null where there is none."
  value       = one(module.release[*].role_arn)
}

output "state_machines" {
  description = "State machines by name: sync, reload, sweep, maintain, generate."
  value       = module.orchestration.machine_arns
}

output "secrets" {
  description = "Secrets that a person fills, by the actor that reads them."
  value       = module.secrets.secret_arns
}

output "control_database" {
  description = "Host of the control database, and where RDS keeps its administrator's password."
  value       = { host = module.control.host, administrator_secret = module.control.administrator_secret_arn }
}

output "warehouse" {
  description = "Workgroup, database and the role of COPY."
  value = {
    workgroup = module.warehouse.workgroup_name
    database  = module.warehouse.database
    copy_role = module.warehouse.copy_role_arn
  }
}

output "balancer_dns_name" {
  description = "What the domain's record points to."
  value       = module.serving.balancer_dns_name
}

output "repositories" {
  description = "Where images are pushed."
  value       = module.serving.repository_urls
}
