variable "name" {
  description = "Prefix of every name, such as booksales-dev; with underscores in databases."
  type        = string
}

variable "lake_location" {
  description = "Root of the lake, s3://bucket/prefix without a slash at its end."
  type        = string
}

variable "encrypts_catalog" {
  description = "Whether this stack sets the encryption of the region's whole catalog. There is one catalog for an account and region: one stack may."
  type        = bool
}

variable "data_key_arn" {
  description = "KMS key of the catalog."
  type        = string
}
