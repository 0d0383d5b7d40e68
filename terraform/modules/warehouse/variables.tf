variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "subnet_ids" {
  description = "Three private subnets in three zones."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the warehouse."
  type        = string
}

variable "bucket_arns" {
  description = "Buckets that COPY reads: lake, exports."
  type        = map(string)
}

variable "gold_prefix" {
  description = "Where gold's tables stand in the lake's bucket, without slashes at either end."
  type        = string
}

variable "key_arns" {
  description = "KMS keys by what they protect: data, secrets, logs."
  type        = map(string)
}

variable "capacity" {
  description = "Redshift processing units at rest and at most."
  type        = object({ base = number, most = number })

  validation {
    condition     = var.capacity.base >= 4 && var.capacity.most >= var.capacity.base
    error_message = "capacity.base is below 4, or above capacity.most."
  }
}

variable "log_retention_days" {
  description = "Days for which the warehouse's logs are kept."
  type        = number
}

variable "most_rpu_hours" {
  description = "RPU-hours a month above which queries are refused: the bound on the bill."
  type        = number
}
