variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "bucket_suffix" {
  description = "End of bucket names, which are unique in the world: an account number, say."
  type        = string
}

variable "data_key_arn" {
  description = "KMS key of everything in the buckets but access logs."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which access logs are kept."
  type        = number
}

variable "log_delivery_account_arn" {
  description = "Account that writes the load balancer's access logs in this region; empty for regions where a service does."
  type        = string
}
