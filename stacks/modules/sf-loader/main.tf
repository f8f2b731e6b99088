# The loader reads enriched events and streams them into a Snowflake table; events that Snowflake
# does not take go to the bad stream.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  region = data.aws_region.current.name

  stream_arn_prefix = "arn:aws:kinesis:${local.region}:${data.aws_caller_identity.current.account_id}:stream"
  in_stream_arn     = "${local.stream_arn_prefix}/${var.in_stream_name}"
  bad_stream_arn    = "${local.stream_arn_prefix}/${var.bad_stream_name}"
}

# Each instance leases shards and saves its position in them here.
module "leases" {
  source = "../dynamodb-table"

  name     = var.name
  hash_key = "leaseKey"
  tags     = module.base.tags
  capacity = var.lease_capacity
}

module "base" {
  source = "../instance-base"

  name                     = var.name
  tags                     = var.tags
  app_name                 = "snowflake-loader"
  app_version              = var.app_version
  module_name              = "recon-pipeline-sf-loader"
  module_version           = "0.1.0"
  telemetry                = var.telemetry
  role_description         = "Lets the Snowflake loader read enriched events"
  iam_permissions_boundary = var.iam_permissions_boundary
  vpc_id                   = var.network.vpc_id
  ssh_ip_allowlist         = var.ssh.ip_allowlist

  statements = [
    {
      actions   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:List*"]
      resources = [local.in_stream_arn, local.bad_stream_arn]
    },
    {
      actions   = ["kinesis:Get*"]
      resources = [local.in_stream_arn]
    },
    {
      actions   = ["kinesis:Put*"]
      resources = [local.bad_stream_arn]
    },
    {
      actions = [
        "dynamodb:BatchWriteItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Scan",
        "dynamodb:UpdateItem",
      ]
      resources = [module.leases.arn]
    },
  ]
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

  min_size            = var.min_size
  max_size            = var.max_size
  enable_auto_scaling = var.enable_auto_scaling

  container_name      = "loader"
  container_image     = "snowplow/snowflake-loader-kinesis:${var.app_version}"
  container_arguments = ["--config", "/opt/pipeline/loader.hocon"]
  log_group_name      = module.base.log_group_name

  container_environment = {
    ACCEPT_LIMITED_USE_LICENSE = var.accept_limited_use_license ? "yes" : "no"
  }

  # The configuration takes the key from the environment: the file itself holds no secret.
  container_secrets = {
    SNOWFLAKE_PRIVATE_KEY = var.snowflake_private_key
  }

  container_files = {
    "loader.hocon" = templatefile("${path.module}/templates/loader.hocon.tftpl", {
      app_name         = module.leases.name
      in_stream_name   = var.in_stream_name
      bad_stream_name  = var.bad_stream_name
      initial_position = var.initial_position

      snowflake_account_url = var.snowflake_account_url
      snowflake_user        = var.snowflake_user
      snowflake_role        = var.snowflake_role
      snowflake_database    = var.snowflake_database
      snowflake_schema      = var.snowflake_schema
      telemetry             = module.base.telemetry
    })
  }
}
