# The bucket and its key are made once, by hand, before anything else: docs/aws.md.
bucket       = "booksales-prod-terraform-state"
key          = "booksales.tfstate"
region       = "eu-central-1"
encrypt      = true
kms_key_id   = "alias/booksales-prod-terraform-state"
use_lockfile = true
