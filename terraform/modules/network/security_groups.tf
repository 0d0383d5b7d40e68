# Who may talk to whom, in one table. Each flow is a way out of one group and the same way into another; what is not here is closed.

locals {
  groups = {
    balancer  = "The load balancer before API and dashboard"
    serving   = "Containers of API and dashboard"
    state     = "The file system that the API's containers share"
    jobs      = "Glue and EMR Serverless"
    steps     = "The state machines' Lambda"
    control   = "PostgreSQL of ledger, users and audit"
    warehouse = "Redshift Serverless"
    endpoints = "Interface endpoints of AWS services"
  }

  flows = {
    balancer_to_serving = { from = "balancer", to = "serving", port = 8443 }
    serving_to_state    = { from = "serving", to = "state", port = 2049 }
    serving_to_control  = { from = "serving", to = "control", port = 5432 }
    serving_to_redshift = { from = "serving", to = "warehouse", port = 5439 }
    serving_to_aws      = { from = "serving", to = "endpoints", port = 443 }
    jobs_to_control     = { from = "jobs", to = "control", port = 5432 }
    jobs_to_redshift    = { from = "jobs", to = "warehouse", port = 5439 }
    jobs_to_aws         = { from = "jobs", to = "endpoints", port = 443 }
    steps_to_control    = { from = "steps", to = "control", port = 5432 }
    steps_to_aws        = { from = "steps", to = "endpoints", port = 443 }
  }

  # S3 is reached by the gateway endpoint, which has addresses instead of a group.
  groups_with_s3 = toset(["serving", "jobs", "warehouse"])
}

resource "aws_security_group" "part" {
  # checkov:skip=CKV2_AWS_5:the parts that they are attached to are in other modules, where checkov does not see it
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_security_group_egress_rule" "flow" {
  for_each = local.flows

  security_group_id            = aws_security_group.part[each.value.from].id
  referenced_security_group_id = aws_security_group.part[each.value.to].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  description                  = "${each.value.from} to ${each.value.to}"
}

resource "aws_vpc_security_group_ingress_rule" "flow" {
  for_each = local.flows

  security_group_id            = aws_security_group.part[each.value.to].id
  referenced_security_group_id = aws_security_group.part[each.value.from].id
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
  description                  = "${each.value.from} to ${each.value.to}"
}

# Glue refuses a connection whose group does not let its own members reach each other on every TCP port.
resource "aws_vpc_security_group_ingress_rule" "workers" {
  # checkov:skip=CKV_AWS_24:from members of the same group, not from everywhere
  # checkov:skip=CKV_AWS_25:from members of the same group, not from everywhere
  # checkov:skip=CKV_AWS_260:from members of the same group, not from everywhere
  security_group_id            = aws_security_group.part["jobs"].id
  referenced_security_group_id = aws_security_group.part["jobs"].id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535
  description                  = "Spark drivers and workers among themselves"
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  security_group_id            = aws_security_group.part["jobs"].id
  referenced_security_group_id = aws_security_group.part["jobs"].id
  ip_protocol                  = "tcp"
  from_port                    = 0
  to_port                      = 65535
  description                  = "Spark drivers and workers among themselves"
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = local.groups_with_s3

  security_group_id = aws_security_group.part[each.key].id
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = "${each.key} to S3"
}

resource "aws_vpc_security_group_egress_rule" "shop" {
  security_group_id = aws_security_group.part["jobs"].id
  cidr_ipv4         = var.source_cidr
  ip_protocol       = "tcp"
  from_port         = 5432
  to_port           = 5432
  description       = "jobs to the shop's PostgreSQL"
}

resource "aws_vpc_security_group_ingress_rule" "people" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.part["balancer"].id
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  description       = "People to API and dashboard"
}
