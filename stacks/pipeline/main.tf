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

# Services

locals {
  network = {
    vpc_id     = var.vpc_id
    subnet_ids = var.public_subnet_ids
  }

  ssh = {
    key_name     = aws_key_pair.pipeline.key_name
    ip_allowlist = var.ssh_ip_allowlist
  }

  lease_capacity = {
    read_min  = var.dyndb_kcl_read_min_capacity
    read_max  = var.dyndb_kcl_read_max_capacity
    write_min = var.dyndb_kcl_write_min_capacity
    write_max = var.dyndb_kcl_write_max_capacity
  }

  telemetry = {
    enabled          = var.telemetry_enabled
    user_provided_id = var.user_provided_id
  }
}

# Each runs under the Snowplow Limited Use License, which allows a pipeline like this one
# but not every use: https://docs.snowplow.io/limited-use-license-1.0/

module "collector" {
  source = "../modules/collector"

  accept_limited_use_license = true

  name                            = "${var.prefix}-collector-server"
  good_stream_name                = module.raw_stream.name
  bad_stream_name                 = module.bad_1_stream.name
  port                            = module.collector_lb.target_port
  target_group_arn                = module.collector_lb.target_group_arn
  load_balancer_security_group_id = module.collector_lb.security_group_id

  network                  = local.network
  ssh                      = local.ssh
  telemetry                = local.telemetry
  iam_permissions_boundary = var.iam_permissions_boundary

  instance_type       = var.ec2_collector_instance_type
  min_size            = var.ec2_collector_min_size
  max_size            = var.ec2_collector_max_size
  enable_auto_scaling = var.ec2_enable_auto_scaling
}

module "enrich" {
  source = "../modules/enrich"

  accept_limited_use_license = true

  name                 = "${var.prefix}-enrich-server"
  in_stream_name       = module.raw_stream.name
  enriched_stream_name = module.enriched_stream.name
  bad_stream_name      = module.bad_1_stream.name

  lease_capacity = local.lease_capacity

  network                  = local.network
  ssh                      = local.ssh
  telemetry                = local.telemetry
  iam_permissions_boundary = var.iam_permissions_boundary

  instance_type       = var.ec2_enrich_instance_type
  min_size            = var.ec2_enrich_min_size
  max_size            = var.ec2_enrich_max_size
  enable_auto_scaling = var.ec2_enable_auto_scaling
}

module "sf_loader" {
  source = "../modules/sf-loader"

  accept_limited_use_license = true

  name            = "${var.prefix}-sf-loader"
  in_stream_name  = module.enriched_stream.name
  bad_stream_name = module.bad_1_stream.name

  snowflake_account_url = var.snowflake_account_url
  snowflake_user        = var.snowflake_loader_user
  snowflake_private_key = var.snowflake_loader_private_key
  snowflake_database    = var.snowflake_database
  snowflake_schema      = var.snowflake_schema

  lease_capacity = local.lease_capacity

  network                  = local.network
  ssh                      = local.ssh
  telemetry                = local.telemetry
  iam_permissions_boundary = var.iam_permissions_boundary

  instance_type       = var.ec2_sf_loader_instance_type
  min_size            = var.ec2_sf_loader_min_size
  max_size            = var.ec2_sf_loader_max_size
  enable_auto_scaling = var.ec2_enable_auto_scaling
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
