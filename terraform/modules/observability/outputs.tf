output "topic_arn" {
  description = "The topic of alerts."
  value       = aws_sns_topic.alerts.arn
}
