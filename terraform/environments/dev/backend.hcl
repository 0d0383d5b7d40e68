# The bucket and its key are made once, by hand, before anything else: docs/aws.md.
bucket       = "booksales-dev-terraform-state"
key          = "booksales.tfstate"
region       = "eu-central-1"
encrypt      = true
kms_key_id   = "alias/booksales-dev-terraform-state"
use_lockfile = true
