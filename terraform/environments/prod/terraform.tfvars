# What people work with: two of everything that serves, nothing that can be deleted by mistake.
environment = "prod"
region      = "eu-central-1"

availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]

cidr         = "10.30.0.0/16"
client_cidrs = ["10.0.0.0/12"]
source_cidr  = "10.2.16.0/20"
source_url   = "postgresql://booksales_reader@shop.example.com:5432/shop"

package_version = "0.1.0"
release         = { repository = "example/book-sales-analytics", provider_arn = "" }
runtime         = "glue"
worker          = { type = "G.1X", most = 8, timeout_minutes = 240 }

warehouse_capacity = { base = 8, most = 64, hours = 1000 }
control_database   = { instance_class = "db.t4g.medium", first_gb = 50, most_gb = 200, backup_days = 14 }
is_protected       = true
encrypts_catalog   = true

domain          = "booksales.example.com"
certificate_arn = "arn:aws:acm:eu-central-1:222222222222:certificate/00000000-0000-4000-8000-000000000000"
serving_size    = { cpu = 2048, memory_mb = 8192, least = 2, most = 8 }

image_uris = {
  api       = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/booksales-prod/api@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  dashboard = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/booksales-prod/dashboard@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  proxy     = "222222222222.dkr.ecr.eu-central-1.amazonaws.com/booksales-prod/proxy@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

time_zone = "Europe/Berlin"

schedules = {
  sync     = { expression = "cron(30 3 * * ? *)", is_enabled = true }
  sweep    = { expression = "cron(0 6 ? * SUN *)", is_enabled = true }
  reload   = { expression = "cron(0 1 1 * ? *)", is_enabled = false }
  maintain = { expression = "cron(0 12 ? * SUN *)", is_enabled = true }
}

hours_until_stale        = 26
alert_emails             = ["data-on-call@example.com"]
monthly_budget           = 4000
log_retention_days       = 400
log_delivery_account_arn = "arn:aws:iam::054676820928:root"
