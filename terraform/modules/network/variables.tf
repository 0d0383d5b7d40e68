variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "cidr" {
  description = "Address range of the VPC, a /16 or larger: three private subnets of 1/16 each are cut from it."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr)) && tonumber(split("/", var.cidr)[1]) <= 16
    error_message = "cidr is not an IPv4 range of /16 or larger."
  }
}

variable "availability_zones" {
  description = "Three zones of the region. Redshift Serverless asks for three."
  type        = list(string)

  validation {
    condition     = length(var.availability_zones) == 3
    error_message = "Name exactly three availability zones."
  }
}

variable "source_cidr" {
  description = "Addresses of the shop's PostgreSQL, which is reached over a peering or a VPN that is not made here."
  type        = string
}

variable "client_cidrs" {
  description = "Addresses from which people reach API and dashboard."
  type        = list(string)

  validation {
    condition     = !contains(var.client_cidrs, "0.0.0.0/0")
    error_message = "API and dashboard are not for the whole internet: name the ranges of your office or VPN."
  }
}

variable "logs_key_arn" {
  description = "KMS key of log groups."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which flow logs are kept."
  type        = number
}
