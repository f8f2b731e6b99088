variable "in_stream_name" { type = string }
variable "enriched_stream_name" { type = string }
variable "kcl_read_min_capacity" { type = number }
variable "kcl_read_max_capacity" { type = number }
variable "kcl_write_min_capacity" { type = number }
variable "kcl_write_max_capacity" { type = number }

variable "iglu_servers" {
  type = list(object({
    uri     = string
    api_key = optional(string, "")
  }))
  default = []
}

variable "enrichment_yauaa" {
  type    = string
  default = ""
}

variable "enrichment_campaigns" {
  type    = string
  default = ""
}

variable "custom_tcp_egress_ports" {
  type    = list(string)
  default = []
}

locals {
  module_name    = "enrich-kinesis-ec2"
  module_version = "0.6.1"

  tags                      = merge(var.tags, { Name = var.name, app_name = local.module_name })
  cloudwatch_log_group_name = "/aws/ec2/${var.name}"
  arn_logs                  = "arn:aws:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group"
  arn_streams               = "arn:aws:kinesis:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:stream"

  own_statements = [
    {
      Effect   = "Allow",
      Action   = ["kinesis:Get*", "kinesis:List*", "kinesis:Describe*", "kinesis:Put*"],
      Resource = formatlist("${local.arn_streams}/%s", [var.in_stream_name, var.enriched_stream_name, var.bad_stream_name])
    },
    {
      Effect   = "Allow",
      Action   = ["dynamodb:*"],
      Resource = [aws_dynamodb_table.kcl.arn, aws_dynamodb_table.config.arn]
    }
  ]

  target_group_arns = []
  health_check_type = "EC2"

  resolver = templatefile("${path.module}/templates/resolver.json.tmpl", {
    servers = jsonencode([for server in var.iglu_servers : { uri = server.uri, apikey = server.api_key } if server.uri != ""])
  })

  # The default of an enrichment is a file of this module.
  campaigns = var.enrichment_campaigns == "" ? file("${path.module}/enrichments/campaigns.json") : var.enrichment_campaigns

  # Instances are replaced when any of this changes.
  config_hash = md5(<<EOT
${local.resolver}
${local.campaigns}
${join("\n", [for name in sort(fileset("${path.module}/enrichments", "*.json")) : filemd5("${path.module}/enrichments/${name}")])}
EOT
  )

  user_data = templatefile("${path.module}/templates/user-data.sh.tmpl", {
    config_table = aws_dynamodb_table.config.name
    config_hash  = local.config_hash
    telemetry_id = join("", module.telemetry.*.auto_generated_id)
  })
}

resource "aws_dynamodb_table" "kcl" {
  name           = var.name
  hash_key       = "leaseKey"
  read_capacity  = 1
  write_capacity = 1

  attribute {
    name = "leaseKey"
    type = "S"
  }

  lifecycle {
    ignore_changes = [write_capacity, read_capacity]
  }

  tags = local.tags
}

module "kcl_autoscaling" {
  source  = "snowplow-devops/dynamodb-autoscaling/aws"
  version = "0.2.0"

  table_name         = aws_dynamodb_table.kcl.id
  read_min_capacity  = var.kcl_read_min_capacity
  read_max_capacity  = var.kcl_read_max_capacity
  write_min_capacity = var.kcl_write_min_capacity
  write_max_capacity = var.kcl_write_max_capacity
}

resource "aws_dynamodb_table" "config" {
  name           = "${var.name}-config"
  hash_key       = "id"
  read_capacity  = 1
  write_capacity = 1

  attribute {
    name = "id"
    type = "S"
  }

  lifecycle {
    ignore_changes = [write_capacity, read_capacity]
  }

  tags = local.tags
}

module "config_autoscaling" {
  source  = "snowplow-devops/dynamodb-autoscaling/aws"
  version = "0.2.0"

  table_name         = aws_dynamodb_table.config.id
  read_min_capacity  = 1
  read_max_capacity  = 5
  write_min_capacity = 1
  write_max_capacity = 5
}

resource "aws_dynamodb_table_item" "resolver" {
  table_name = aws_dynamodb_table.config.name
  hash_key   = aws_dynamodb_table.config.hash_key

  item = <<ITEM
{
  "id": {"S": "resolver"},
  "json": {"S": ${jsonencode(local.resolver)}}
}
ITEM
}

resource "aws_dynamodb_table_item" "campaigns" {
  table_name = aws_dynamodb_table.config.name
  hash_key   = aws_dynamodb_table.config.hash_key

  item = <<ITEM
{
  "id": {"S": "enrichment_campaigns"},
  "json": {"S": ${jsonencode(local.campaigns)}}
}
ITEM
}

resource "aws_dynamodb_table_item" "anonymisation" {
  table_name = aws_dynamodb_table.config.name
  hash_key   = aws_dynamodb_table.config.hash_key

  item = <<ITEM
{
  "id": {"S": "enrichment_anonymisation"},
  "json": {"S": ${jsonencode(file("${path.module}/enrichments/anonymisation.json"))}}
}
ITEM
}

resource "aws_dynamodb_table_item" "fingerprint" {
  table_name = aws_dynamodb_table.config.name
  hash_key   = aws_dynamodb_table.config.hash_key

  item = <<ITEM
{
  "id": {"S": "enrichment_fingerprint"},
  "json": {"S": ${jsonencode(file("${path.module}/enrichments/fingerprint.json"))}}
}
ITEM
}

resource "aws_dynamodb_table_item" "referrers" {
  table_name = aws_dynamodb_table.config.name
  hash_key   = aws_dynamodb_table.config.hash_key

  item = <<ITEM
{
  "id": {"S": "enrichment_referrers"},
  "json": {"S": ${jsonencode(file("${path.module}/enrichments/referrers.json"))}}
}
ITEM
}

resource "aws_dynamodb_table_item" "agents" {
  table_name = aws_dynamodb_table.config.name
  hash_key   = aws_dynamodb_table.config.hash_key

  item = <<ITEM
{
  "id": {"S": "enrichment_agents"},
  "json": {"S": ${jsonencode(file("${path.module}/enrichments/agents.json"))}}
}
ITEM
}

resource "aws_dynamodb_table_item" "yauaa" {
  count = var.enrichment_yauaa != "" ? 1 : 0

  table_name = aws_dynamodb_table.config.name
  hash_key   = aws_dynamodb_table.config.hash_key

  item = <<ITEM
{
  "id": {"S": "enrichment_yauaa"},
  "json": {"S": ${jsonencode(var.enrichment_yauaa)}}
}
ITEM
}

resource "aws_security_group_rule" "egress_tcp_custom" {
  for_each = toset(var.custom_tcp_egress_ports)

  type              = "egress"
  from_port         = each.value
  to_port           = each.value
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.sg.id
}
