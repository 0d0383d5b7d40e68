variable "name" {
  description = "Prefix of every name, such as booksales-prod."
  type        = string
}

variable "region" {
  description = "Region of the bucket."
  type        = string
}

variable "repository" {
  description = "The repository whose tags are released, owner/name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+$", var.repository))
    error_message = "repository is not owner/name."
  }
}

variable "provider_arn" {
  description = "The account's provider for GitHub's tokens; empty: made here."
  type        = string
}

variable "artifacts_bucket_arn" {
  description = "The bucket of packages."
  type        = string
}

variable "data_key_arn" {
  description = "KMS key of that bucket."
  type        = string
}
