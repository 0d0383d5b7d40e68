variable "project" {
  description = "First part of every name."
  type        = string
  default     = "booksales"
}

variable "environment" {
  description = "Second part of every name, a tag, and the environment's file in jobs_config/environments."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.environment)
    error_message = "environment is neither dev nor prod; jobs_config/environments has a file for each."
  }
}

variable "region" {
  description = "AWS region of everything."
  type        = string
}

variable "availability_zones" {
  description = "Three zones of the region, named, so that a zone that AWS adds moves nothing."
  type        = list(string)
}

variable "cidr" {
  description = "Address range of the VPC, /16 or larger."
  type        = string
}

variable "client_cidrs" {
  description = "Addresses from which people reach API and dashboard."
  type        = list(string)
}

variable "source_cidr" {
  description = "Addresses of the shop's PostgreSQL."
  type        = string
}

variable "source_url" {
  description = "The shop, postgresql://user@host:port/database without a password."
  type        = string

  validation {
    condition     = can(regex("^postgresql://[^:@/]+@[^@]+/[^/]+$", var.source_url))
    error_message = "source_url is not postgresql://user@host:port/database; the password belongs into the secret of the jobs."
  }
}

variable "shop_url" {
  description = "An empty database for made-up data, with its owner; empty where none is to be made. Never the shop's."
  type        = string
  default     = ""
}

variable "package_version" {
  description = "Version that `booksales aws package` laid out, the last part of its prefix."
  type        = string
}

variable "runtime" {
  description = "Where jobs run: glue or emr-serverless."
  type        = string
  default     = "glue"
}

variable "worker" {
  description = "Glue's workers: kind, how many at most, minutes after which a job is stopped."
  type        = object({ type = string, most = number, timeout_minutes = number })
}

variable "emr" {
  description = "EMR Serverless, where runtime says so."
  type = object({
    release      = string
    image_uri    = string
    most_vcpu    = number
    most_gb      = number
    idle_minutes = number
  })
  default = { release = "emr-spark-8.1.0", image_uri = "", most_vcpu = 32, most_gb = 128, idle_minutes = 5 }
}

variable "warehouse_capacity" {
  description = "Redshift processing units at rest and at most, and RPU-hours a month that are the bound on the bill."
  type        = object({ base = number, most = number, hours = number })
}

variable "control_database" {
  description = "Size of the control database: class, GiB at first and at most, days of backups."
  type        = object({ instance_class = string, first_gb = number, most_gb = number, backup_days = number })
}

variable "is_protected" {
  description = "Whether databases have a second server, and what holds data cannot be deleted by Terraform."
  type        = bool
}

variable "encrypts_catalog" {
  description = "Whether this environment sets the encryption of the region's Glue catalog; one of an account's may."
  type        = bool
}

variable "release" {
  description = "Whose workflow may put packages here: owner/name of the repository, and the account's provider for GitHub's tokens, empty to make one. Null: nobody's."
  type        = object({ repository = string, provider_arn = string })
  default     = null
}

variable "domain" {
  description = "Name under which people reach API and dashboard."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of that name in ACM."
  type        = string
}

variable "image_uris" {
  description = "Images of API, dashboard and proxy, by digest."
  type        = object({ api = string, dashboard = string, proxy = string })
}

variable "serving_size" {
  description = "CPU units and MiB of a task, and how many at least and at most."
  type        = object({ cpu = number, memory_mb = number, least = number, most = number })
}

variable "schedules" {
  description = "When a state machine starts, by its name."
  type        = map(object({ expression = string, is_enabled = bool }))
}

variable "time_zone" {
  description = "The shop's time zone: of the schedules, and of the business date."
  type        = string
}

variable "hours_until_stale" {
  description = "Hours without a sync that came through, after which somebody is told."
  type        = number
}

variable "alert_emails" {
  description = "Who hears of failures."
  type        = list(string)
}

variable "monthly_budget" {
  description = "US dollars a month."
  type        = number
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
}

variable "log_delivery_account_arn" {
  description = "Account that delivers load balancers' logs in regions opened before August 2022 (AWS lists them); empty elsewhere."
  type        = string
  default     = ""
}
