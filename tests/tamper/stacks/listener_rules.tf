variable "vpc_id" { type = string }
variable "public_subnet_ids" { type = list(string) }

provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_lb" "web" {
  name     = "web"
  internal = true
  subnets  = var.public_subnet_ids
}

resource "aws_lb_target_group" "one" {
  name     = "one"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_target_group" "two" {
  name     = "two"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_target_group" "three" {
  name     = "three"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener_rule" "simple" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 10 #~ 11

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.one.arn #~ aws_lb_target_group.two.arn
  }

  condition {
    path_pattern {
      values = ["/a/*"] #~ ["/a/*", "/b/*"]
    }
  }

  tags = {
    Name = "simple" #~ "renamed"
    #~+ Added = "by hand"
  }
}

resource "aws_lb_listener_rule" "weighted" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 20

  action {
    type  = "forward"
    order = 2 #~ 3

    forward {
      target_group {
        arn    = aws_lb_target_group.one.arn
        weight = 3 #~ 4
      }

      target_group {
        arn    = aws_lb_target_group.two.arn #~ aws_lb_target_group.three.arn
        weight = 1
      }

      stickiness {
        duration = 60 #~ 90
        enabled  = true #~ false
      }
    }
  }

  condition {
    host_header {
      values = ["a.example"] #~ ["b.example"]
    }
  }

  condition {
    http_header {
      http_header_name = "X-Kind" #~ "X-Other"
      values           = ["a"] #~ ["b"]
    }
  }

  condition {
    http_request_method {
      values = ["GET"] #~ ["HEAD"]
    }
  }
}

resource "aws_lb_listener_rule" "redirect" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 30

  action {
    type = "redirect"

    redirect {
      host        = "a.example" #~ "b.example"
      path        = "/a" #~ "/b"
      port        = "81" #~ "82"
      protocol    = "HTTP" #~ "HTTPS"
      query       = "a" #~ "b"
      status_code = "HTTP_301" #~ "HTTP_302"
    }
  }

  condition {
    query_string {
      key   = "a" #~ "b"
      value = "1" #~ "2"
    }
  }

  condition {
    source_ip {
      values = ["10.0.0.0/8"] #~ ["10.1.0.0/16"]
    }
  }
}

resource "aws_lb_listener_rule" "answer" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 40

  action {
    type = "fixed-response" #~ "redirect" ; also action.fixed_response, action.redirect
    #~&+ redirect {;; status_code = "HTTP_302";; host = "c.example";; }
    fixed_response {
      content_type = "text/plain" #~ "text/html"
      message_body = "no" #~ "never"
      status_code  = "403" #~ "404"
    }
  }

  condition {
    path_pattern {
      values = ["/d"]
    }
  }
}

resource "aws_lb_listener_rule" "oidc" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 50

  action {
    type = "authenticate-oidc"
    authenticate_oidc {
      authentication_request_extra_params = { a = "b" } #~ { a = "c" }
      authorization_endpoint              = "https://id.example/a" #~ "https://id.example/b"
      client_id                           = "me" #~ "you"
      client_secret                       = "hush"
      issuer                              = "https://id.example/" #~ "https://id.example/b"
      on_unauthenticated_request          = "deny" #~ "allow"
      scope                               = "openid email" #~ "openid"
      session_cookie_name                 = "a" #~ "b"
      session_timeout                     = 60 #~ 90
      token_endpoint                      = "https://id.example/t" #~ "https://id.example/b"
      user_info_endpoint                  = "https://id.example/u" #~ "https://id.example/b"
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.one.arn
  }

  condition {
    path_pattern {
      values = ["/e"]
    }
  }
}

resource "aws_lb_listener_rule" "cognito" {
  listener_arn = aws_lb_listener.web.arn
  priority     = 60

  action {
    type = "authenticate-cognito"
    authenticate_cognito {
      authentication_request_extra_params = { a = "b" } #~ { a = "c" }
      on_unauthenticated_request          = "deny" #~ "allow"
      scope                               = "openid email" #~ "openid"
      session_cookie_name                 = "a" #~ "b"
      session_timeout                     = 60 #~ 90
      user_pool_arn                       = "arn:aws:cognito-idp:eu-west-3:123456789012:userpool/a" #~ "arn:aws:cognito-idp:eu-west-3:123456789012:userpool/b"
      user_pool_client_id                 = "me" #~ "you"
      user_pool_domain                    = "a" #~ "b"
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.one.arn
  }

  condition {
    path_pattern {
      values = ["/f"]
    }
  }
}
