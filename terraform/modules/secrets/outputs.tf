output "key_arns" {
  description = "KMS keys by what they protect: data, secrets, logs."
  value       = { for part, key in aws_kms_key.part : part => key.arn }
}

output "secret_arns" {
  description = "Secrets by the actor that reads them: jobs, steps, serving, shop."
  value       = { for actor, secret in aws_secretsmanager_secret.actor : actor => secret.arn }
}
