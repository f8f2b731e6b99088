# Enrich reads raw events, checks them against their schemas, adds what the enrichments know, and
# writes them to the enriched stream; events that fail go to the bad stream with the reason.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  region = data.aws_region.current.name

  stream_arn_prefix = "arn:aws:kinesis:${local.region}:${data.aws_caller_identity.current.account_id}:stream"
  in_stream_arn     = "${local.stream_arn_prefix}/${var.in_stream_name}"
  out_stream_arns = formatlist(
    "%s/%s",
    local.stream_arn_prefix,
    compact(tolist([var.enriched_stream_name, var.bad_stream_name])),
  )

  read_assets = [{
    actions   = ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"]
    resources = ["arn:aws:s3:::${var.assets_bucket}", "arn:aws:s3:::${var.assets_bucket}/*"]
  }]
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
  app_name                 = "enrich-kinesis"
  app_version              = var.app_version
  module_name              = "recon-pipeline-enrich"
  module_version           = "0.1.0"
  telemetry                = var.telemetry
  role_description         = "Lets enrich read raw events and write enriched ones"
  iam_permissions_boundary = var.iam_permissions_boundary
  vpc_id                   = var.network.vpc_id
  ssh_ip_allowlist         = var.ssh.ip_allowlist
  more_egress_ports        = var.more_egress_ports

  statements = concat(
    [
      {
        actions   = ["kinesis:DescribeStream", "kinesis:DescribeStreamSummary", "kinesis:List*"]
        resources = concat([local.in_stream_arn], local.out_stream_arns)
      },
      {
        actions   = ["kinesis:Get*"]
        resources = [local.in_stream_arn]
      },
      {
        actions   = ["kinesis:Put*"]
        resources = local.out_stream_arns
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
      {
        actions   = ["dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:Scan"]
        resources = [module.configuration.arn]
      },
    ],
    var.assets_bucket != "" ? local.read_assets : [],
  )
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

  container_name  = "enrich"
  container_image = "snowplow/snowplow-enrich-kinesis:${var.app_version}"
  log_group_name  = module.base.log_group_name
  config_hash     = local.configuration_hash

  container_arguments = [
    "--config", "/opt/pipeline/enrich.hocon",
    "--iglu-config", "dynamodb:${local.region}/${local.configuration_table}/${local.resolver_key}",
    "--enrichments", "dynamodb:${local.region}/${local.configuration_table}/${local.enrichment_key_prefix}",
  ]

  container_environment = {
    ACCEPT_LIMITED_USE_LICENSE = var.accept_limited_use_license ? "yes" : "no"
  }

  container_files = {
    "enrich.hocon" = templatefile("${path.module}/templates/enrich.hocon.tftpl", {
      app_name             = module.leases.name
      region               = local.region
      in_stream_name       = var.in_stream_name
      enriched_stream_name = var.enriched_stream_name
      bad_stream_name      = var.bad_stream_name
      initial_position     = var.initial_position
      telemetry            = module.base.telemetry
    })
  }
}
