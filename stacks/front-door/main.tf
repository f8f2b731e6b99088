# A Snowplow pipeline: trackers → load balancer → collector → raw stream → enrich → enriched
# stream → Snowflake. Events that fail on the way end in the bad stream.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  # CloudWatch names a load balancer by the part of its ARN that follows this prefix.
  load_balancer_arn_prefix = "arn:aws:elasticloadbalancing:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:loadbalancer/"
  load_balancer_metrics_id = replace(module.collector_lb.arn, local.load_balancer_arn_prefix, "")
}

resource "aws_key_pair" "pipeline" {
  key_name   = "${var.prefix}-pipeline"
  public_key = var.ssh_public_key
}

# Streams

module "raw_stream" {
  source = "../modules/kinesis-stream"

  name = "${var.prefix}-raw-stream"
  mode = var.kinesis_stream_mode_details
}

module "bad_1_stream" {
  source = "../modules/kinesis-stream"

  name = "${var.prefix}-bad-1-stream"
  mode = var.kinesis_stream_mode_details
}

module "enriched_stream" {
  source = "../modules/kinesis-stream"

  name = "${var.prefix}-enriched-stream"
  mode = var.kinesis_stream_mode_details
}

# Front door

module "collector_lb" {
  source = "../modules/alb"

  name              = "${var.prefix}-collector-lb"
  vpc_id            = var.vpc_id
  subnet_ids        = var.public_subnet_ids
  health_check_path = "/health"
}

# Dashboard

resource "aws_cloudwatch_dashboard" "pipeline" {
  dashboard_name = "${var.prefix}-pipeline"

  dashboard_body = templatefile("${path.module}/templates/dashboard.json.tftpl", {
    region           = var.aws_region
    prefix           = var.prefix
    load_balancer_id = local.load_balancer_metrics_id
  })
}
