variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "domain" {
  description = "Name under which people reach API and dashboard; its record and certificate are not made here."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of that name in ACM."
  type        = string
}

variable "image_uris" {
  description = "Images of containers/: api, dashboard, proxy. By digest, so that what was tested is what runs."
  type        = object({ api = string, dashboard = string, proxy = string })
}

variable "api_environment" {
  description = "Settings of the API as BOOKSALES_… variables. No secrets."
  type        = map(string)
}

variable "machine_prefix" {
  description = "What the ARNs of the state machines begin with that the API starts: sync, reload, generate."
  type        = string
}

variable "secret_arn" {
  description = "Secret of the API: passwords of accounts and ledger."
  type        = string
}

variable "key_arns" {
  description = "KMS keys by what they protect: data, secrets, logs."
  type        = map(string)
}

variable "warehouse_arn" {
  description = "Workgroup of Redshift Serverless that the API reads."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups by the part they are for: balancer, serving, state."
  type        = map(string)
}

variable "logs_bucket_name" {
  description = "Bucket of access logs."
  type        = string
}

variable "size" {
  description = "CPU units and MiB of a task: one API, one dashboard, one proxy."
  type        = object({ cpu = number, memory_mb = number })
}

variable "tasks" {
  description = "Tasks at least and at most."
  type        = object({ least = number, most = number })
}

variable "is_protected" {
  description = "Whether Terraform may not delete the load balancer."
  type        = bool
}

variable "log_retention_days" {
  description = "Days for which the containers' logs are kept."
  type        = number
}
