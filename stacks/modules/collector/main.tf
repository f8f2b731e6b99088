# The collector takes events over HTTP from behind the load balancer and writes them, as they came,
# to the raw stream; what it cannot write goes to the bad stream.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  region = data.aws_region.current.name

  stream_arns = formatlist(
    "arn:aws:kinesis:%s:%s:stream/%s",
    local.region,
    data.aws_caller_identity.current.account_id,
    compact(tolist([var.good_stream_name, var.bad_stream_name])),
  )
}

module "base" {
  source = "../instance-base"

  name                     = var.name
  tags                     = var.tags
  app_name                 = "stream-collector"
  app_version              = var.app_version
  module_name              = "recon-pipeline-collector"
  module_version           = "0.1.0"
  telemetry                = var.telemetry
  role_description         = "Lets the collector write its streams and logs"
  iam_permissions_boundary = var.iam_permissions_boundary
  vpc_id                   = var.network.vpc_id
  ssh_ip_allowlist         = var.ssh.ip_allowlist

  statements = [
    {
      actions = [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:List*",
        "kinesis:Put*",
      ]
      resources = local.stream_arns
    },
  ]
}

# Only the load balancer reaches the collector, and the load balancer reaches nothing else.

resource "aws_security_group_rule" "ingress_load_balancer" {
  security_group_id        = module.base.security_group_id
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = var.port
  to_port                  = var.port
  source_security_group_id = var.load_balancer_security_group_id
}

resource "aws_security_group_rule" "load_balancer_egress" {
  security_group_id        = var.load_balancer_security_group_id
  type                     = "egress"
  protocol                 = "tcp"
  from_port                = var.port
  to_port                  = var.port
  source_security_group_id = module.base.security_group_id
}

module "service" {
  source = "../service"

  name                  = var.name
  tags                  = module.base.tags
  instance_type         = var.instance_type
  ssh_key_name          = var.ssh.key_name
  instance_profile_name = module.base.instance_profile_name
  security_group_ids    = [module.base.security_group_id]
  subnet_ids            = var.network.subnet_ids
  target_group_arns     = [var.target_group_arn]
  health_check_type     = "ELB"

  min_size            = var.min_size
  max_size            = var.max_size
  enable_auto_scaling = var.enable_auto_scaling

  container_name      = "collector"
  container_image     = "snowplow/scala-stream-collector-kinesis:${var.app_version}"
  container_arguments = ["--config", "/opt/pipeline/collector.hocon"]
  log_group_name      = module.base.log_group_name

  container_environment = {
    ACCEPT_LIMITED_USE_LICENSE = var.accept_limited_use_license ? "yes" : "no"
  }

  container_files = {
    "collector.hocon" = templatefile("${path.module}/templates/collector.hocon.tftpl", {
      port             = var.port
      region           = local.region
      good_stream_name = var.good_stream_name
      bad_stream_name  = var.bad_stream_name
      buffer           = var.buffer
      telemetry        = module.base.telemetry
    })
  }
}
