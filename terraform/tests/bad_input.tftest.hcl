# What is refused before anything is made.

mock_provider "aws" {
  source = "./tests/mocks"
}

run "an_environment_without_a_settings_file" {
  command         = plan
  expect_failures = [var.environment]
  variables { environment = "staging" }
}

run "a_password_in_the_address_of_the_shop" {
  command         = plan
  expect_failures = [var.source_url]
  variables { source_url = "postgresql://reader:secret@shop.example.com:5432/shop" }
}
