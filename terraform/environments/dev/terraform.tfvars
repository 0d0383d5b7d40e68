# A place to try things: small, asleep most of the time, fed by a made-up shop, and taken down without ceremony.
environment = "dev"
region      = "eu-central-1"

availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]

cidr         = "10.20.0.0/16"
client_cidrs = ["10.0.0.0/12"]
source_cidr  = "10.1.16.0/20"
source_url   = "postgresql://booksales_reader@shop.dev.example.com:5432/shop"
shop_url     = "postgresql://shop_owner@shop.dev.example.com:5432/shop"

package_version = "0.1.0"
runtime         = "glue"
worker          = { type = "G.1X", most = 4, timeout_minutes = 60 }

warehouse_capacity = { base = 4, most = 8, hours = 250 }
control_database   = { instance_class = "db.t4g.micro", first_gb = 20, most_gb = 40, backup_days = 1 }
is_protected       = false
encrypts_catalog   = true

domain          = "booksales.dev.example.com"
certificate_arn = "arn:aws:acm:eu-central-1:111111111111:certificate/00000000-0000-4000-8000-000000000000"
serving_size    = { cpu = 1024, memory_mb = 3072, least = 1, most = 2 }

image_uris = {
  api       = "111111111111.dkr.ecr.eu-central-1.amazonaws.com/booksales-dev/api@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  dashboard = "111111111111.dkr.ecr.eu-central-1.amazonaws.com/booksales-dev/dashboard@sha256:0000000000000000000000000000000000000000000000000000000000000000"
  proxy     = "111111111111.dkr.ecr.eu-central-1.amazonaws.com/booksales-dev/proxy@sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

time_zone = "Europe/Berlin"

schedules = {
  sync   = { expression = "cron(30 3 ? * MON-FRI *)", is_enabled = true }
  reload = { expression = "cron(0 1 1 * ? *)", is_enabled = false }
}

hours_until_stale        = 96
alert_emails             = ["data-dev@example.com"]
monthly_budget           = 500
log_retention_days       = 400
log_delivery_account_arn = "arn:aws:iam::054676820928:root"
