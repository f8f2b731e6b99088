variable "vpc_id" { type = string }
variable "subnet_ids" { type = list(string) }

provider "aws" {
  region = "eu-west-3"
}

data "aws_caller_identity" "current" {}

resource "aws_security_group" "a" {
  name   = "a"
  vpc_id = var.vpc_id
}

resource "aws_security_group" "b" {
  name   = "b"
  vpc_id = var.vpc_id
}

resource "aws_lb" "this" {
  name            = "normal"
  internal        = true
  idle_timeout    = 90
  security_groups = [aws_security_group.a.id, aws_security_group.b.id]
  subnets         = [var.subnet_ids[0], var.subnet_ids[1]]

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_lb" "network" {
  name               = "network"
  internal           = true
  load_balancer_type = "network"
  subnets            = [var.subnet_ids[0]]
}

resource "aws_lb_target_group" "this" {
  name     = "normal"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id

  health_check {
    path = "/health"
  }
}

resource "aws_lb_target_group" "other" {
  name     = "other"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_target_group" "sticky" {
  name     = "sticky"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id

  stickiness {
    type            = "lb_cookie"
    cookie_duration = 3600
  }
}

resource "aws_lb_target_group" "tcp" {
  name     = "tcp"
  port     = 80
  protocol = "TCP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_listener" "plain" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

resource "aws_lb_listener" "weighted" {
  load_balancer_arn = aws_lb.this.arn
  port              = 81
  protocol          = "HTTP"

  default_action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.this.arn
        weight = 1
      }

      target_group {
        arn    = aws_lb_target_group.other.arn
        weight = 2
      }
    }
  }
}

resource "aws_lb_listener" "single" {
  load_balancer_arn = aws_lb.this.arn
  port              = 83
  protocol          = "HTTP"

  default_action {
    type = "forward"

    forward {
      target_group {
        arn = aws_lb_target_group.this.arn
      }

      stickiness {
        enabled  = true
        duration = 60
      }
    }
  }
}

resource "aws_lb_listener" "redirecting" {
  load_balancer_arn = aws_lb.this.arn
  port              = 82
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      status_code = "HTTP_301"
      protocol    = "HTTPS"
      port        = "443"
    }
  }
}

resource "aws_lb_listener" "secure" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:server-certificate/normal"

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

resource "aws_lb_listener_rule" "this" {
  listener_arn = aws_lb_listener.plain.arn
  priority     = 10

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }

  condition {
    host_header {
      values = ["a.example", "b.example"]
    }
  }

  condition {
    http_header {
      http_header_name = "X-Kind"
      values           = ["one", "two"]
    }
  }

  condition {
    query_string {
      key   = "a"
      value = "1"
    }

    query_string {
      value = "2"
    }
  }
}
