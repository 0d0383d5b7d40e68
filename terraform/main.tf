# One environment: the parts, and what each knows of the others.

data "aws_caller_identity" "current" {}

locals {
  name     = "${var.project}-${var.environment}"
  package  = "s3://${module.lake.bucket_names["artifacts"]}/${var.package_version}"
  database = "${module.control.host}:5432/${module.control.database}"

  ledger_url  = "postgresql+psycopg2://ledger@${local.database}"
  control_url = "postgresql://accounts@${local.database}"
  # Signed in by the caller's own role (docs/aws.md).
  warehouse_url = "redshift+serverless://${module.warehouse.workgroup_name}.${var.region}/${module.warehouse.database}"

  # Arguments of every job of the pipeline. Settings are those of jobs_config/environments/<environment>.yaml.
  pipeline_arguments = [
    "--environment=${var.environment}",
    "--lake=s3://${module.lake.bucket_names["lake"]}/lake",
    "--warehouse=${local.warehouse_url}",
    "--set=warehouse_export=s3://${module.lake.bucket_names["exports"]}/warehouse",
    "--set=warehouse_copy_role=${module.warehouse.copy_role_arn}",
    # On the driver's disk: whoever asks the API gets a run from the ledger.
    "--reports=/tmp/booksales-reports",
    "--ledger=${local.ledger_url}",
    "--source-url=${var.source_url}",
    "--set=catalog=${module.catalog.prefix}",
    "--set=time_zone=${var.time_zone}",
    "--secret=${module.secrets.secret_arns["jobs"]}",
    "--ca-file=rds-ca.pem",
    "--attention-exit-code=0",
  ]
}

module "secrets" {
  source = "./modules/secrets"

  name = local.name
}

module "network" {
  source = "./modules/network"

  name               = local.name
  cidr               = var.cidr
  availability_zones = var.availability_zones
  source_cidr        = var.source_cidr
  client_cidrs       = var.client_cidrs
  logs_key_arn       = module.secrets.key_arns["logs"]
  log_retention_days = var.log_retention_days
}

module "lake" {
  source = "./modules/lake"

  name                     = local.name
  bucket_suffix            = data.aws_caller_identity.current.account_id
  data_key_arn             = module.secrets.key_arns["data"]
  log_retention_days       = var.log_retention_days
  log_delivery_account_arn = var.log_delivery_account_arn
}

module "control" {
  source = "./modules/control"

  name               = local.name
  subnet_ids         = module.network.private_subnet_ids
  security_group_id  = module.network.security_group_ids["control"]
  data_key_arn       = module.secrets.key_arns["data"]
  secrets_key_arn    = module.secrets.key_arns["secrets"]
  logs_key_arn       = module.secrets.key_arns["logs"]
  log_retention_days = var.log_retention_days
  instance_class     = var.control_database.instance_class
  storage_gb         = { first = var.control_database.first_gb, most = var.control_database.most_gb }
  backup_days        = var.control_database.backup_days
  is_protected       = var.is_protected
}

module "catalog" {
  source = "./modules/catalog"

  name             = local.name
  lake_location    = "s3://${module.lake.bucket_names["lake"]}/lake"
  encrypts_catalog = var.encrypts_catalog
  data_key_arn     = module.secrets.key_arns["data"]
}

module "warehouse" {
  source = "./modules/warehouse"

  name               = local.name
  subnet_ids         = module.network.private_subnet_ids
  security_group_id  = module.network.security_group_ids["warehouse"]
  bucket_arns        = module.lake.bucket_arns
  gold_prefix        = "lake/gold"
  log_retention_days = var.log_retention_days
  key_arns           = module.secrets.key_arns
  capacity           = { base = var.warehouse_capacity.base, most = var.warehouse_capacity.most }
  most_rpu_hours     = var.warehouse_capacity.hours
}

module "release" {
  source = "./modules/release"
  count  = var.release == null ? 0 : 1

  name                 = local.name
  region               = var.region
  repository           = var.release.repository
  provider_arn         = var.release.provider_arn
  artifacts_bucket_arn = module.lake.bucket_arns["artifacts"]
  data_key_arn         = module.secrets.key_arns["data"]
}

module "jobs" {
  source = "./modules/jobs"

  name                   = local.name
  runtime                = var.runtime
  package                = { location = local.package }
  bucket_arns            = module.lake.bucket_arns
  artifacts_bucket_name  = module.lake.bucket_names["artifacts"]
  secret_arns            = { jobs = module.secrets.secret_arns["jobs"], shop = module.secrets.secret_arns["shop"] }
  key_arns               = module.secrets.key_arns
  catalog_database_arns  = values(module.catalog.database_arns)
  catalog_database_names = values(module.catalog.database_names)
  warehouse_arn          = module.warehouse.workgroup_arn
  subnet_ids             = module.network.private_subnet_ids
  availability_zone      = module.network.availability_zones[0]
  security_group_id      = module.network.security_group_ids["jobs"]
  worker                 = var.worker
  emr                    = var.emr
  log_retention_days     = var.log_retention_days
}

module "orchestration" {
  source = "./modules/orchestration"

  name    = local.name
  runtime = var.runtime
  jobs    = module.jobs

  package = {
    location  = local.package
    bucket    = module.lake.bucket_names["artifacts"]
    steps_key = "${var.package_version}/steps.zip"
  }

  pipeline_arguments = local.pipeline_arguments
  generate_arguments = ["--shop-url=${var.shop_url}", "--secret=${module.secrets.secret_arns["shop"]}", "--ca-file=rds-ca.pem"]

  ledger_url          = local.ledger_url
  steps_secret_arn    = module.secrets.secret_arns["steps"]
  topic_arn           = module.observability.topic_arn
  key_arns            = module.secrets.key_arns
  subnet_ids          = module.network.private_subnet_ids
  security_group_id   = module.network.security_group_ids["steps"]
  schedules           = var.schedules
  time_zone           = var.time_zone
  job_timeout_minutes = var.worker.timeout_minutes
  log_retention_days  = var.log_retention_days
}

module "serving" {
  source = "./modules/serving"

  name            = local.name
  domain          = var.domain
  certificate_arn = var.certificate_arn
  image_uris      = var.image_uris

  api_environment = {
    BOOKSALES_ENVIRONMENT    = var.environment
    BOOKSALES_TIME_ZONE      = var.time_zone
    BOOKSALES_LEDGER_URL     = local.ledger_url
    BOOKSALES_CONTROL_URL    = local.control_url
    BOOKSALES_WAREHOUSE_URL  = local.warehouse_url
    BOOKSALES_STATE_MACHINES = module.orchestration.machine_prefix
  }
  machine_prefix = module.orchestration.machine_prefix

  secret_arn         = module.secrets.secret_arns["serving"]
  key_arns           = module.secrets.key_arns
  warehouse_arn      = module.warehouse.workgroup_arn
  vpc_id             = module.network.vpc_id
  subnet_ids         = module.network.private_subnet_ids
  security_group_ids = module.network.security_group_ids
  logs_bucket_name   = module.lake.logs_bucket_name
  size               = { cpu = var.serving_size.cpu, memory_mb = var.serving_size.memory_mb }
  tasks              = { least = var.serving_size.least, most = var.serving_size.most }
  is_protected       = var.is_protected
  log_retention_days = var.log_retention_days
}

module "observability" {
  source = "./modules/observability"

  name                   = local.name
  environment            = var.environment
  logs_key_arn           = module.secrets.key_arns["logs"]
  alert_emails           = var.alert_emails
  machine_arns           = module.orchestration.machine_arns
  hours_until_stale      = var.hours_until_stale
  dead_letter_queue_name = module.orchestration.dead_letter_queue_name
  database_identifier    = module.control.identifier
  balancer               = { balancer = module.serving.balancer_metric_name, targets = module.serving.target_metric_name }
  workgroup_name         = module.warehouse.workgroup_name
  monthly_budget         = var.monthly_budget
}
