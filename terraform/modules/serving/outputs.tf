output "balancer_dns_name" {
  description = "What the domain's record points to."
  value       = aws_lb.main.dns_name
}

output "balancer_metric_name" {
  description = "The load balancer in metrics."
  value       = aws_lb.main.arn_suffix
}

output "target_metric_name" {
  description = "Its targets in metrics."
  value       = aws_lb_target_group.serving.arn_suffix
}

output "cluster_name" {
  description = "The ECS cluster."
  value       = aws_ecs_cluster.main.name
}

output "service_name" {
  description = "The service in it."
  value       = aws_ecs_service.serving.name
}

output "task_role_name" {
  description = "Name of the API's role, which is also its user in the warehouse."
  value       = aws_iam_role.task.name
}

output "repository_urls" {
  description = "Where images are pushed: api, dashboard, proxy, jobs."
  value       = { for image, repository in aws_ecr_repository.image : image => repository.repository_url }
}
