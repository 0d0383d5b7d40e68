# The same, with the one variable that moves jobs to EMR Serverless.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  runtime = "emr-serverless"

  emr = {
    release      = "emr-spark-8.1.0"
    image_uri    = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/booksales/jobs@sha256:0000000000000000000000000000000000000000000000000000000000000000"
    most_vcpu    = 64
    most_gb      = 256
    idle_minutes = 5
  }
}

run "emr_serverless" {
  assert {
    condition     = module.jobs.application != null && length(module.jobs.job_names) == 0
    error_message = "On EMR Serverless there is an application and no Glue job."
  }
}
