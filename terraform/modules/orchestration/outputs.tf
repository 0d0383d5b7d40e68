output "machine_arns" {
  description = "State machines by name: sync, reload, sweep, maintain, generate."
  value       = { for name, machine in aws_sfn_state_machine.machine : name => machine.arn }
}

output "machine_prefix" {
  description = "What the ARNs of all state machines begin with: a dash and the verb follow."
  value       = "arn:${data.aws_partition.current.partition}:states:${local.region}:${local.account}:stateMachine:${var.name}"
}

output "dead_letter_queue_name" {
  description = "The queue of starts that came to nothing."
  value       = aws_sqs_queue.not_started.name
}
