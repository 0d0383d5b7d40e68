variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "runtime" {
  description = "Where jobs run: glue or emr-serverless. Decides what the machines call, and what they may call."
  type        = string
}

variable "jobs" {
  description = "Output of the module jobs: names, application, roles, settings."
  type = object({
    job_names      = map(string)
    job_arns       = map(string)
    application    = object({ id = string, arn = string })
    role_arns      = map(string)
    spark_conf     = map(string)
    postgresql_jar = string
    log_group_name = string
  })
}

variable "package" {
  description = "Where `booksales aws package` put what jobs are made of, within which bucket, and the Lambda's archive there."
  type        = object({ location = string, bucket = string, steps_key = string })
}

variable "pipeline_arguments" {
  description = "Arguments of every job of the pipeline: places, source, settings. No secrets."
  type        = list(string)
}

variable "generate_arguments" {
  description = "Arguments of the generator besides size and seed."
  type        = list(string)
}

variable "ledger_url" {
  description = "The run ledger, without a password."
  type        = string
}

variable "steps_secret_arn" {
  description = "Secret of the Lambda: the ledger's password."
  type        = string
}

variable "topic_arn" {
  description = "Topic that hears how runs ended."
  type        = string
}

variable "key_arns" {
  description = "KMS keys by what they protect: data, secrets, logs."
  type        = map(string)
}

variable "subnet_ids" {
  description = "Private subnets of the Lambda."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the Lambda."
  type        = string
}

variable "schedules" {
  description = "When a machine starts, by its name: an expression of EventBridge Scheduler, and whether it holds."
  type        = map(object({ expression = string, is_enabled = bool }))

  validation {
    condition     = alltrue([for machine in keys(var.schedules) : contains(["sync", "reload", "sweep", "maintain"], machine)])
    error_message = "schedules names a machine that is none of sync, reload, sweep, maintain."
  }
}

variable "time_zone" {
  description = "Time zone of the schedules, the shop's."
  type        = string
}

variable "job_timeout_minutes" {
  description = "Minutes after which a job counts as failed."
  type        = number
}

variable "log_retention_days" {
  description = "Days for which logs of machines and Lambda are kept."
  type        = number
}
