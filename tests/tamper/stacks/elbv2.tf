variable "vpc_id" { type = string }
variable "public_subnet_ids" { type = list(string) }
variable "third_subnet_id" { type = string }

data "aws_caller_identity" "current" {}

locals {
  certificate = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:server-certificate/"
}

provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_security_group" "a" {
  name   = "a"
  vpc_id = var.vpc_id
}

resource "aws_security_group" "b" {
  name   = "b"
  vpc_id = var.vpc_id
}

resource "aws_lb" "application" {
  name                                        = "application"
  internal                                    = true
  client_keep_alive                           = 1800          #~ 900
  desync_mitigation_mode                      = "strictest"   #~ "monitor"
  drop_invalid_header_fields                  = true          #~ false
  enable_deletion_protection                  = false         #~ true
  enable_http2                                = false         #~ true
  enable_tls_version_and_cipher_suite_headers = true          #~ false
  enable_waf_fail_open                        = true          #~ -
  enable_xff_client_port                      = true          #~ false
  enable_zonal_shift                          = true          #~ false
  idle_timeout                                = 90            #~ 300
  ip_address_type                             = "ipv4"        #~ "dualstack"
  preserve_host_header                        = true          #~ false
  security_groups                             = [aws_security_group.a.id]                             #~ [aws_security_group.a.id, aws_security_group.b.id]
  subnets                                     = var.public_subnet_ids                    #~ [var.public_subnet_ids[0], var.third_subnet_id]; also subnet_mapping
  xff_header_processing_mode                  = "preserve"    #~ "remove"

  tags = {
    Name = "application" #~ "renamed"
    #~+ Added = "by hand"
  }

  access_logs {
    bucket  = "logs"   #~ "elsewhere"
    enabled = true     #~ false
    prefix  = "door"   #~ "window"
  }

  connection_logs {
    bucket  = "logs"   #~ "elsewhere"
    enabled = true     #~ false
    prefix  = "peers"  #~ -
  }

  ipam_pools {
    ipv4_ipam_pool_id = "ipam-pool-1" #~ "ipam-pool-2"
  }

  minimum_load_balancer_capacity {
    capacity_units = 100 #~ 200
  }
}

resource "aws_lb" "mapped" {
  name     = "mapped"
  internal = true
  #~+ enable_cross_zone_load_balancing = true
  #~+ dns_record_client_routing_policy = "availability_zone_affinity"
  load_balancer_type = "network"
  enforce_security_group_inbound_rules_on_private_link_traffic = "on" #~ "off"
  security_groups = [aws_security_group.a.id] #~ [aws_security_group.b.id]

  subnet_mapping {
    subnet_id            = var.public_subnet_ids[0]
    private_ipv4_address = cidrhost("172.31.0.0/20", 15)
  }
  #~+ subnet_mapping { subnet_id = var.public_subnet_ids[1] }; also subnets
}

resource "aws_lb_target_group" "http" {
  name                              = "http"
  port                              = 80
  protocol                          = "HTTP"
  vpc_id                            = var.vpc_id
  deregistration_delay              = 60                           #~ 17
  load_balancing_algorithm_type     = "weighted_random"            #~ "round_robin"
  load_balancing_anomaly_mitigation = "on"                         #~& "off"
  load_balancing_cross_zone_enabled = "true"                       #~ "false"

  tags = {
    Name = "http" #~ "https"
  }

  health_check {
    enabled             = true
    healthy_threshold   = 2                #~ 5
    interval            = 40               #~ 77
    matcher             = "200"            #~ "200-299"
    path                = "/health"        #~ "/elsewhere"
    port                = "8080"           #~ "traffic-port"
    protocol            = "HTTP"           #~ "HTTPS"
    timeout             = 10               #~ 20
    unhealthy_threshold = 4                #~ 8
  }

  stickiness {
    cookie_duration = 3600           #~ 7200
    cookie_name     = "session"      #~ "other"
    enabled         = true           #~ false
    type            = "app_cookie"   #~ "lb_cookie"; also stickiness.cookie_name
  }

  target_group_health {
    dns_failover {
      minimum_healthy_targets_count      = "2"    #~ "3"
      minimum_healthy_targets_percentage = "40"   #~ "off"
    }

    unhealthy_state_routing {
      minimum_healthy_targets_count      = 2      #~ 3
      minimum_healthy_targets_percentage = "50"   #~ "60"
    }
  }
}

resource "aws_lb_target_group" "slow" {
  name       = "slow"
  port       = 80
  protocol   = "HTTP"
  vpc_id     = var.vpc_id
  slow_start = 45 #~ 60
}

resource "aws_lb_target_group" "tcp" {
  name                   = "tcp"
  port                   = 80
  protocol               = "TCP"
  vpc_id                 = var.vpc_id
  connection_termination = true    #~ false
  preserve_client_ip     = "false" #~ "true"
  proxy_protocol_v2      = true    #~ false

  target_health_state {
    enable_unhealthy_connection_termination = false #~ true; also target_health_state.unhealthy_draining_interval
    unhealthy_draining_interval             = 60    #~ 120
  }
}

resource "aws_lb_target_group" "function" {
  name                               = "function"
  target_type                        = "lambda"
  lambda_multi_value_headers_enabled = true #~ false

  health_check {
    enabled = true #~ false
    path    = "/"
  }
}

resource "aws_lb_target_group" "inspected" {
  name     = "inspected"
  port     = 6081
  protocol = "GENEVE"
  vpc_id   = var.vpc_id

  target_failover {
    on_deregistration = "rebalance" #~ "no_rebalance"
    on_unhealthy      = "rebalance" #~& "no_rebalance"
  }
}

resource "aws_lb_listener" "open" {
  load_balancer_arn = aws_lb.application.arn
  port              = 80       #~ 81
  protocol          = "HTTP"
  routing_http_response_access_control_allow_credentials_header_value = "true"                #~ ""
  routing_http_response_access_control_allow_headers_header_value     = "X-A"                 #~ "X-B"
  routing_http_response_access_control_allow_methods_header_value     = "GET"                 #~ "GET,POST"
  routing_http_response_access_control_allow_origin_header_value      = "https://a.example"   #~ "https://b.example"
  routing_http_response_access_control_expose_headers_header_value    = "X-A"                 #~ "X-B"
  routing_http_response_access_control_max_age_header_value           = "60"                  #~ "61"
  routing_http_response_content_security_policy_header_value          = "default-src 'self'"  #~ "default-src 'none'"
  routing_http_response_server_enabled                                = false                 #~ true
  routing_http_response_strict_transport_security_header_value        = "max-age=60"          #~ "max-age=61"
  routing_http_response_x_content_type_options_header_value           = "nosniff"             #~ ""
  routing_http_response_x_frame_options_header_value                  = "DENY"                #~ "SAMEORIGIN"

  tags = {
    Name = "open" #~ "closed"
  }

  default_action {
    type = "redirect"

    redirect {
      host        = "a.example"   #~ "b.example"
      path        = "/a"          #~ "/b"
      port        = "443"         #~ "8443"
      protocol    = "HTTPS"       #~ "#{protocol}"
      query       = "a"           #~ "b"
      status_code = "HTTP_301"    #~ "HTTP_302"
    }
  }
}

resource "aws_lb_listener" "secure" {
  load_balancer_arn = aws_lb.application.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = "${local.certificate}a"   #~ "${local.certificate}b"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"              #~ "ELBSecurityPolicy-2016-08"
  routing_http_request_x_amzn_mtls_clientcert_header_name               = "A-1"   #~ "B"
  routing_http_request_x_amzn_mtls_clientcert_issuer_header_name        = "A-2"   #~ "B"
  routing_http_request_x_amzn_mtls_clientcert_leaf_header_name          = "A-3"   #~ "B"
  routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name = "A-4"   #~ "B"
  routing_http_request_x_amzn_mtls_clientcert_subject_header_name       = "A-5"   #~ "B"
  routing_http_request_x_amzn_mtls_clientcert_validity_header_name      = "A-6"   #~ "B"
  routing_http_request_x_amzn_tls_cipher_suite_header_name              = "A-7"   #~ "B"
  routing_http_request_x_amzn_tls_version_header_name                   = "A-8"   #~ "B"

  mutual_authentication {
    mode                             = "verify"
    trust_store_arn                  = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:truststore/t/1"   #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:truststore/t/2"
    ignore_client_certificate_expiry = true   #~ false
    advertise_trust_store_ca_names   = "on"   #~ "off"
  }

  default_action {
    type  = "authenticate-oidc"
    order = 1

    authenticate_oidc {
      authorization_endpoint     = "https://id.example/authorize"   #~ "https://other.example/authorize"
      client_id                  = "client"                         #~ "other"
      client_secret              = "hush"
      issuer                     = "https://id.example"             #~ "https://other.example"
      on_unauthenticated_request = "deny"                           #~ "allow"
      scope                      = "openid"                         #~ "email"
      session_cookie_name        = "a"                              #~ "b"
      session_timeout            = 300                              #~ 600
      token_endpoint             = "https://id.example/token"       #~ "https://other.example/token"
      user_info_endpoint         = "https://id.example/user"        #~ "https://other.example/user"

      authentication_request_extra_params = {
        a = "b" #~ "c"
      }
    }
  }

  default_action {
    type  = "fixed-response"
    order = 2 #~ 4

    fixed_response {
      content_type = "text/plain"   #~ "text/html"
      message_body = "no"           #~ "never"
      status_code  = "404"          #~ "503"
    }
  }
}

resource "aws_lb_listener" "pool" {
  load_balancer_arn = aws_lb.application.arn
  port              = 8443
  protocol          = "HTTPS"
  certificate_arn   = "${local.certificate}a"

  mutual_authentication {
    mode = "off" #~ "passthrough"
  }

  default_action {
    type  = "authenticate-cognito"
    order = 1

    authenticate_cognito {
      user_pool_arn              = "arn:aws:cognito-idp:eu-west-3:123456789012:userpool/eu-west-3_a"   #~ "arn:aws:cognito-idp:eu-west-3:123456789012:userpool/eu-west-3_b"
      user_pool_client_id        = "client"   #~ "other"
      user_pool_domain           = "domain"   #~ "realm"
      on_unauthenticated_request = "deny"     #~ "allow"
      scope                      = "openid"   #~ "email"
      session_cookie_name        = "a"        #~ "b"
      session_timeout            = 300        #~ 600

      authentication_request_extra_params = {
        a = "b" #~ -
      }
    }
  }

  default_action {
    type  = "forward"
    order = 2

    forward {
      target_group {
        arn    = aws_lb_target_group.http.arn
        weight = 10 #~ 20
      }

      target_group {
        arn = aws_lb_target_group.slow.arn #~ aws_lb_target_group.third.arn
      }

      stickiness {
        duration = 60     #~ 120
        enabled  = true   #~ false
      }
    }
  }
}

resource "aws_lb_target_group" "third" {
  name     = "third"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_listener" "plain" {
  load_balancer_arn = aws_lb.application.arn
  port              = 8080
  protocol          = "HTTP" #~ "HTTPS"; also ssl_policy, mutual_authentication
  #~&+ certificate_arn = "${local.certificate}a"

  default_action {
    type             = "forward"                    #~ "redirect"
    target_group_arn = aws_lb_target_group.http.arn #~& -
    #~&+ redirect { ;; status_code = "HTTP_301" ;; host = "c.example" ;; }
  }
}

resource "aws_lb_listener" "tls" {
  load_balancer_arn = aws_lb.mapped.arn
  port              = 443
  protocol          = "TLS"
  certificate_arn   = "${local.certificate}a"
  alpn_policy       = "HTTP2Preferred" #~ "HTTP1Only"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tcp.arn
  }
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn        = aws_lb.mapped.arn
  port                     = 80
  protocol                 = "TCP"
  tcp_idle_timeout_seconds = 400 #~ 500

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tcp.arn
  }
}
