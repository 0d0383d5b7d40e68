variable "name" {
  description = "Prefix of every name, such as booksales-dev."
  type        = string
}

variable "environment" {
  description = "Value of the tag environment, by which the budget counts."
  type        = string
}

variable "logs_key_arn" {
  description = "KMS key of the topic."
  type        = string
}

variable "alert_emails" {
  description = "Who hears of failures. Each address has to confirm once."
  type        = list(string)
}

variable "machine_arns" {
  description = "State machines by name."
  type        = map(string)
}

variable "hours_until_stale" {
  description = "Hours without a sync that came through, after which readers see old figures."
  type        = number

  validation {
    condition     = var.hours_until_stale >= 1 && var.hours_until_stale <= 168
    error_message = "hours_until_stale is not between 1 and 168: an alarm looks back a week at most."
  }
}

variable "dead_letter_queue_name" {
  description = "Queue of starts that came to nothing."
  type        = string
}

variable "database_identifier" {
  description = "The control database in metrics."
  type        = string
}

variable "balancer" {
  description = "Load balancer and targets in metrics."
  type        = object({ balancer = string, targets = string })
}

variable "workgroup_name" {
  description = "Redshift Serverless in metrics."
  type        = string
}

variable "monthly_budget" {
  description = "US dollars a month; alerts at half, at four fifths, and when it will be reached."
  type        = number
}
