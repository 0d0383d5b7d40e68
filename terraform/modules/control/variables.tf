variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the database."
  type        = string
}

variable "data_key_arn" {
  description = "KMS key of storage and performance insights."
  type        = string
}

variable "secrets_key_arn" {
  description = "KMS key of the administrator's password."
  type        = string
}

variable "logs_key_arn" {
  description = "KMS key of the log groups."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the server's log is kept."
  type        = number
}

variable "instance_class" {
  description = "Size of the server."
  type        = string
}

variable "storage_gb" {
  description = "Storage at first and at most, in GiB."
  type        = object({ first = number, most = number })
}

variable "is_protected" {
  description = "Whether there is a second server in another zone, and neither can be deleted by Terraform."
  type        = bool
}

variable "backup_days" {
  description = "Days for which the database can be restored to any moment."
  type        = number
}
