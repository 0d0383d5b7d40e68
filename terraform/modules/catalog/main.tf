# Databases of the Glue catalog, one for a layer. Tables in them are registered by the jobs, which alone know the columns.

locals {
  prefix = replace(var.name, "-", "_")

  layers = {
    silver = "Typed, one row per key; deletes kept as tombstones"
    gold   = "The star: dimensions and facts"
  }
}

resource "aws_glue_catalog_database" "layer" {
  for_each = local.layers

  name         = "${local.prefix}_${each.key}"
  description  = each.value
  location_uri = "${var.lake_location}/${each.key}"
}

resource "aws_glue_data_catalog_encryption_settings" "region" {
  count = var.encrypts_catalog ? 1 : 0

  data_catalog_encryption_settings {
    connection_password_encryption {
      return_connection_password_encrypted = true
      aws_kms_key_id                       = var.data_key_arn
    }

    encryption_at_rest {
      catalog_encryption_mode = "SSE-KMS"
      sse_aws_kms_key_id      = var.data_key_arn
    }
  }
}
