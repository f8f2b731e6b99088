# Load balancers and what belongs to them: what another value of each argument means.

resource "aws_lb" "application" {
  name            = "old" #~ "new"
  internal        = true  #~ false
  security_groups = ["sg-1"]
  subnets         = ["subnet-1", "subnet-2"]
}

resource "aws_lb" "prefixed" {
  name_prefix = "old-" #~ "new-"
  subnets     = ["subnet-1", "subnet-2"]
}

resource "aws_lb" "made_network" {
  name               = "same"
  load_balancer_type = "application" #~ "network"
  subnets            = ["subnet-1", "subnet-2"]
}

resource "aws_lb" "owned" {
  name                     = "same"
  customer_owned_ipv4_pool = "pool-1" #~ "pool-2"
  subnets                  = ["subnet-1", "subnet-2"]
}

resource "aws_lb" "application_subnets" {
  name            = "same"
  security_groups = ["sg-1"]                 #~ ["sg-2"]
  subnets         = ["subnet-1", "subnet-2"] #~ ["subnet-3", "subnet-4"]
  #= security_groups = ["sg-1"]
}

resource "aws_lb" "fewer_application_subnets" {
  name    = "same"
  subnets = ["subnet-1", "subnet-2", "subnet-3"] #~ ["subnet-1", "subnet-2"]
}

resource "aws_lb" "application_mappings" {
  #= subnets = ["subnet-1", "subnet-2"]
  name     = "same"
  internal = false

  subnet_mapping {
    subnet_id = "subnet-1" #~ "subnet-3"
  }

  subnet_mapping {
    subnet_id = "subnet-2"
  }
}

resource "aws_lb" "more_and_other_application_mappings" {
  #= subnets = ["subnet-1", "subnet-2"]
  name = "same"

  subnet_mapping {
    subnet_id = "subnet-1"
  }

  subnet_mapping {
    subnet_id = "subnet-2" #~ "subnet-3"
  }

  #~+ subnet_mapping { subnet_id = "subnet-4" }
}

resource "aws_lb" "fewer_application_mappings" {
  #= subnets = ["subnet-1", "subnet-2", "subnet-3"]
  name = "same"

  subnet_mapping {
    subnet_id = "subnet-1"
  }

  subnet_mapping {
    subnet_id = "subnet-2"
  }
  subnet_mapping { subnet_id = "subnet-3" } #~ -
}

resource "aws_lb" "fewer_and_other_application_mappings" {
  #= subnets = ["subnet-1", "subnet-2", "subnet-3"]
  name = "same"

  subnet_mapping {
    subnet_id = "subnet-1"
  }

  subnet_mapping {
    subnet_id = "subnet-2" #~ "subnet-4"
  }
  subnet_mapping { subnet_id = "subnet-3" } #~ -
}

resource "aws_lb" "fewer_network_mappings" {
  #= subnets = ["subnet-1", "subnet-2"]
  name               = "same"
  load_balancer_type = "network"

  subnet_mapping {
    subnet_id = "subnet-1"
  }
  subnet_mapping { subnet_id = "subnet-2" } #~ -
}

resource "aws_lb" "more_application_mappings" {
  #= subnets = ["subnet-1"]
  name = "same"

  subnet_mapping {
    subnet_id = "subnet-1"
  }

  #~+ subnet_mapping { subnet_id = "subnet-2" }
}

resource "aws_lb" "network_subnets" {
  name               = "same"
  load_balancer_type = "network"
  subnets            = ["subnet-1", "subnet-2"] #~ ["subnet-1", "subnet-3"]
}

resource "aws_lb" "more_network_subnets" {
  name               = "same"
  load_balancer_type = "network"
  subnets            = ["subnet-1", "subnet-2"] #~ ["subnet-1", "subnet-2", "subnet-3"]
}

resource "aws_lb" "fewer_network_subnets" {
  name               = "same"
  load_balancer_type = "network"
  subnets            = ["subnet-1", "subnet-2"] #~ ["subnet-1"]
}

resource "aws_lb" "network_addresses" {
  #= subnets = ["subnet-1"]
  name               = "same"
  load_balancer_type = "network"

  subnet_mapping {
    subnet_id     = "subnet-1"
    allocation_id = "eipalloc-1" #~ "eipalloc-2"
  }
}

resource "aws_lb" "network_mappings" {
  #= subnets = ["subnet-1"]
  name               = "same"
  load_balancer_type = "network"
  internal           = true

  subnet_mapping {
    subnet_id            = "subnet-1"
    private_ipv4_address = "10.1.1.1"    #~ "10.1.1.2"
    ipv6_address         = "2001:db8::1" #~ "2001:db8::2"
  }
}

resource "aws_lb" "more_network_mappings" {
  #= subnets = ["subnet-1"]
  name               = "same"
  load_balancer_type = "network"

  subnet_mapping {
    subnet_id = "subnet-1"
  }

  #~+ subnet_mapping { subnet_id = "subnet-2" }
}

resource "aws_lb" "network_groups" {
  name               = "same"
  load_balancer_type = "network"
  security_groups    = ["sg-1"] #~ ["sg-2"]
  subnets            = ["subnet-1"]
}

resource "aws_lb" "first_network_groups" {
  name               = "same"
  load_balancer_type = "network"
  subnets            = ["subnet-1"]
  #~+ security_groups = ["sg-2"]
}

resource "aws_lb" "no_network_groups" {
  name               = "same"
  load_balancer_type = "network"
  security_groups    = ["sg-1"] #~ []
  subnets            = ["subnet-1"]
}

resource "aws_lb" "gateway_subnets" {
  name               = "same"
  load_balancer_type = "gateway"
  subnets            = ["subnet-1"] #~ ["subnet-1", "subnet-2"]
}

resource "aws_lb" "other_gateway_subnets" {
  name               = "same"
  load_balancer_type = "gateway"
  subnets            = ["subnet-1"] #~ ["subnet-2"]
}

resource "aws_lb" "logged" {
  name    = "same"
  subnets = ["subnet-1", "subnet-2"]

  access_logs {
    bucket  = "old" #~ "new"
    prefix  = "old" #~ "new"
    enabled = true
  }

  connection_logs {
    bucket  = "old" #~ "new"
    prefix  = "old" #~ "new"
    enabled = true
  }
}

resource "aws_lb_target_group" "forced" {
  name             = "old"      #~ "new"
  port             = 80         #~ 81
  protocol         = "HTTP"     #~ "HTTPS"
  protocol_version = "HTTP1"    #~ "GRPC"
  target_type      = "instance" #~ "ip"
  vpc_id           = "vpc-1"    #~ "vpc-2"
}

resource "aws_lb_target_group" "addressed" {
  name            = "same"
  port            = 80
  protocol        = "HTTP"
  target_type     = "ip"
  ip_address_type = "ipv4" #~ "ipv6"
  vpc_id          = "vpc-1"
}

resource "aws_lb_target_group" "prefixed" {
  name_prefix = "old-" #~ "new-"
  port        = 80
  protocol    = "HTTP"
  vpc_id      = "vpc-1"
}

resource "aws_lb_target_group" "made_for_lambda" {
  name        = "same"
  port        = 80         #~ -
  protocol    = "HTTP"     #~ -
  target_type = "instance" #~ "lambda"
  vpc_id      = "vpc-1"    #~ -
}

resource "aws_lb_target_group" "no_longer_for_lambda" {
  name        = "same"
  target_type = "lambda" #~ "ip"
  #~&+ port = 80
  #~&+ protocol = "HTTP"
  #~&+ vpc_id = "vpc-1"
}

resource "aws_lb_target_group" "other_check" {
  name     = "same"
  port     = 80
  protocol = "TCP"
  vpc_id   = "vpc-1"

  health_check {
    protocol            = "TCP" #~ "HTTP"
    interval            = 30    #~ 10
    healthy_threshold   = 3     #~ 4
    unhealthy_threshold = 3     #~ 4
    timeout             = 10    #~ 6
    port                = "80"  #~ "81"
  }
}

resource "aws_lb_target_group" "network_protocol" {
  name     = "same"
  port     = 80
  protocol = "TCP" #~ "UDP"
  vpc_id   = "vpc-1"
}

resource "aws_lb_listener" "forced" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/b/2"
  port              = 80     #~ 443
  protocol          = "HTTP" #~ "HTTPS"
  #~&+ certificate_arn = "arn:aws:acm:eu-west-3:123456789012:certificate/a"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/b/2"
  }
}

resource "aws_lb_listener" "updated" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/a/1"
  port              = 80
  protocol          = "HTTP"

  #~+ routing_http_response_access_control_allow_credentials_header_value = "true"
  #~+ routing_http_response_x_content_type_options_header_value = "nosniff"

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/b/2"
  }
}

resource "aws_lb_listener" "forwarding" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/a/1"
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "forward"

    forward {
      target_group {
        arn    = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/b/2"
        weight = 1 #~ 2
      }

      target_group {
        arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/c/3"
      }
    }
  }
}

resource "aws_lb_listener" "authenticating" {
  load_balancer_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:loadbalancer/app/a/1"
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "arn:aws:acm:eu-west-3:123456789012:certificate/a"

  default_action {
    type = "authenticate-oidc"

    authenticate_oidc {
      authorization_endpoint = "https://example.com/a"
      client_id              = "id"
      client_secret          = "old" #~ "new"
      issuer                 = "https://example.com"
      token_endpoint         = "https://example.com/t"
      user_info_endpoint     = "https://example.com/u"
    }
  }

  default_action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1"
  }
}

resource "aws_lb_listener_rule" "forced" {
  listener_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:listener/app/a/1/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:listener/app/a/1/2"
  priority     = 1 #~ 2

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain" #~ "text/html"
      message_body = "old"        #~ "new"
      status_code  = "200"        #~ "404"
    }
  }

  condition {
    path_pattern {
      values = ["/old"] #~ ["/new"]
    }
  }
}

resource "aws_lb_listener_rule" "updated" {
  listener_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:listener/app/a/1/1"

  action {
    type             = "forward"
    target_group_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/b/2"
  }

  condition {
    path_pattern {
      values = ["/old"]
    }
  }
}

resource "aws_lb_listener_rule" "forwarding" {
  listener_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:listener/app/a/1/1"

  action {
    type = "forward"

    forward {
      target_group {
        arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/b/2"
      }

      target_group {
        arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/c/3"
      }
    }
  }

  condition {
    path_pattern {
      values = ["/old"]
    }
  }
}

resource "aws_lb_listener_rule" "authenticating" {
  listener_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:listener/app/a/1/1"

  action {
    type = "authenticate-oidc"

    authenticate_oidc {
      authorization_endpoint = "https://example.com/a"
      client_id              = "id"
      client_secret          = "old" #~ "new"
      issuer                 = "https://example.com"
      token_endpoint         = "https://example.com/t"
      user_info_endpoint     = "https://example.com/u"
    }
  }

  action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "old" #~ "new"
      status_code  = "200"
    }
  }

  condition {
    path_pattern {
      values = ["/old"]
    }
  }
}

resource "aws_lb_target_group_attachment" "group" {
  target_group_arn = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/b/2"
  target_id        = "i-1"
}

resource "aws_lb_target_group_attachment" "target" {
  target_group_arn  = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1"
  target_id         = "10.1.1.1" #~ "10.1.1.2"
  port              = 80         #~ 81
  availability_zone = "all"      #~ "eu-west-3a"
}
