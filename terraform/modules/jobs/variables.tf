variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "runtime" {
  description = "Where jobs run: glue or emr-serverless."
  type        = string

  validation {
    condition     = contains(["glue", "emr-serverless"], var.runtime)
    error_message = "runtime is neither glue nor emr-serverless. On EMR on EC2 jobs are steps of a cluster of yours: docs/aws.md."
  }
}

variable "package" {
  description = "Where `booksales aws package` put what jobs are made of."
  type        = object({ location = string })
}

variable "bucket_arns" {
  description = "Buckets by what is in them: lake, exports, artifacts."
  type        = map(string)
}

variable "artifacts_bucket_name" {
  description = "The bucket of the package and of Spark's scratch space."
  type        = string
}

variable "secret_arns" {
  description = "Secrets of the jobs and of the shop's generator."
  type        = object({ jobs = string, shop = string })
}

variable "key_arns" {
  description = "KMS keys by what they protect: data, secrets, logs."
  type        = map(string)
}

variable "catalog_database_arns" {
  description = "Databases of the Glue catalog that jobs register tables in."
  type        = list(string)
}

variable "catalog_database_names" {
  description = "Names of those databases."
  type        = list(string)
}

variable "warehouse_arn" {
  description = "Workgroup of Redshift Serverless that jobs publish to."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "availability_zone" {
  description = "Zone of the first of them, which Glue's connection is bound to."
  type        = string
}

variable "security_group_id" {
  description = "Security group of Spark's drivers and workers."
  type        = string
}

variable "worker" {
  description = "Glue: kind of worker, how many at most, and minutes after which a job is stopped."
  type        = object({ type = string, most = number, timeout_minutes = number })
}

variable "emr" {
  description = "EMR Serverless: release, image with the wheel, most vCPU and memory at once, minutes without work after which it stops."
  type = object({
    release      = string
    image_uri    = string
    most_vcpu    = number
    most_gb      = number
    idle_minutes = number
  })
}

variable "log_retention_days" {
  description = "Days for which the jobs' logs are kept."
  type        = number
}
