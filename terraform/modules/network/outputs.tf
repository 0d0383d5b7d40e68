output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.main.id
}

output "private_subnet_ids" {
  description = "Private subnets, one for each availability zone."
  value       = aws_subnet.private[*].id
}

output "security_group_ids" {
  description = "Security groups by the part they are for."
  value       = { for part, group in aws_security_group.part : part => group.id }
}

output "availability_zones" {
  description = "Zones of the private subnets, in their order."
  value       = aws_subnet.private[*].availability_zone
}
