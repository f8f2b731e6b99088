# Load balancing in its varieties, for Terraform to make and recon to read.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

variable "vpc_id" { type = string }
variable "public_subnet_ids" { type = list(string) }

resource "aws_security_group" "this" {
  name   = "lb"
  vpc_id = var.vpc_id
}

resource "aws_lb" "application" {
  internal        = true
  subnets         = var.public_subnet_ids
  security_groups = [aws_security_group.this.id]

  access_logs {
    bucket  = "logs"
    enabled = true
  }
}

resource "aws_lb" "network" {
  name               = "network"
  load_balancer_type = "network"
  internal           = true

  subnet_mapping {
    subnet_id            = var.public_subnet_ids[0]
    private_ipv4_address = "172.31.0.15"
  }

  subnet_mapping {
    subnet_id = var.public_subnet_ids[1]
  }
}

resource "aws_lb" "gateway" {
  name_prefix        = "gw-"
  load_balancer_type = "gateway"
  subnets            = var.public_subnet_ids
  tags               = { Name = "gateway" }
}

resource "aws_lb_target_group" "plain" {
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_target_group" "sticky" {
  name     = "sticky"
  port     = 443
  protocol = "HTTPS"
  vpc_id   = var.vpc_id

  health_check {
    interval = 40
  }

  stickiness {
    type        = "app_cookie"
    cookie_name = "session"
  }

  target_group_health {
    dns_failover {
      minimum_healthy_targets_count = "2"
    }

    unhealthy_state_routing {
      minimum_healthy_targets_percentage = "50"
    }
  }
}

resource "aws_lb_target_group" "tcp" {
  name        = "tcp"
  port        = 80
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = var.vpc_id

  health_check {
    protocol = "TCP"
  }

  target_health_state {
    enable_unhealthy_connection_termination = false
  }
}

resource "aws_lb_target_group" "geneve" {
  name     = "geneve"
  port     = 6081
  protocol = "GENEVE"
  vpc_id   = var.vpc_id
}

resource "aws_lb_target_group" "lambda" {
  name        = "lambda"
  target_type = "lambda"
}

resource "aws_lb_listener" "redirect" {
  load_balancer_arn = aws_lb.application.arn
  port              = 80

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

resource "aws_lb_listener" "weighted" {
  load_balancer_arn                    = aws_lb.application.arn
  port                                 = 81
  protocol                             = "HTTP"
  routing_http_response_server_enabled = false

  default_action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.plain.arn
        weight = 10
      }

      target_group {
        arn = aws_lb_target_group.sticky.arn
      }
    }
  }
}

resource "aws_lb_listener" "both" {
  load_balancer_arn = aws_lb.application.arn
  port              = 82
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.plain.arn

    forward {
      target_group {
        arn = aws_lb_target_group.plain.arn
      }

      stickiness {
        duration = 60
      }
    }
  }
}

resource "aws_lb_listener" "authenticating" {
  load_balancer_arn = aws_lb.application.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "arn:aws:iam::123456789012:server-certificate/c"

  default_action {
    type = "authenticate-oidc"

    authenticate_oidc {
      authorization_endpoint = "https://id.example/authorize"
      client_id              = "client"
      client_secret          = "hush"
      issuer                 = "https://id.example"
      token_endpoint         = "https://id.example/token"
      user_info_endpoint     = "https://id.example/user"
    }
  }

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.network.arn
  port              = 80
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tcp.arn
  }
}

resource "aws_lb_listener" "gateway" {
  load_balancer_arn = aws_lb.gateway.arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.geneve.arn
  }
}
