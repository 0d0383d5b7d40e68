# The environment of the given tfvars, jobs on Glue, as it would be applied. tests/terraform asks what holds over all its resources.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "glue" {
  assert {
    condition     = module.jobs.application == null && toset(keys(module.jobs.job_names)) == toset(["pipeline", "shop"])
    error_message = "On Glue there are two jobs and no EMR application."
  }

  assert {
    condition     = toset(keys(module.orchestration.machine_arns)) == toset(["sync", "reload", "sweep", "maintain", "generate"])
    error_message = "A state machine is missing, or there is one too many."
  }
}
