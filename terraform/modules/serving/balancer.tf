resource "aws_lb" "main" {
  # checkov:skip=CKV2_AWS_28:the load balancer is internal and open to the named ranges only; a web firewall is for the internet
  # checkov:skip=CKV_AWS_150:dev may be taken down; prod is protected
  name                       = var.name
  internal                   = true
  load_balancer_type         = "application"
  subnets                    = var.subnet_ids
  security_groups            = [var.security_group_ids["balancer"]]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.is_protected
  desync_mitigation_mode     = "strictest"
  # A dashboard that nobody touches keeps its websocket; it is pinged every 30 seconds.
  idle_timeout = 120

  access_logs {
    bucket  = var.logs_bucket_name
    prefix  = "balancer"
    enabled = true
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.main.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.serving.arn
  }
}

resource "aws_lb_target_group" "serving" {
  name                 = var.name
  port                 = local.proxy_port
  protocol             = "HTTPS"
  target_type          = "ip"
  vpc_id               = var.vpc_id
  deregistration_delay = 60

  health_check {
    path                = "/healthz"
    protocol            = "HTTPS"
    matcher             = "200"
    interval            = 15
    healthy_threshold   = 2
    unhealthy_threshold = 4
  }

  # What a reader has open lives in the memory of the dashboard that he began with.
  stickiness {
    type            = "lb_cookie"
    cookie_duration = 28800
  }
}
