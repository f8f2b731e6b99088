variable "in_stream_name" { type = string }
variable "kcl_read_min_capacity" { type = number }
variable "kcl_read_max_capacity" { type = number }
variable "kcl_write_min_capacity" { type = number }
variable "kcl_write_max_capacity" { type = number }
variable "snowflake_account_url" { type = string }
variable "snowflake_loader_user" { type = string }
variable "snowflake_database" { type = string }
variable "snowflake_schema" { type = string }

variable "snowflake_loader_private_key" {
  type      = string
  sensitive = true
}

variable "skip_schemas" {
  type    = list(string)
  default = []
}

locals {
  module_name    = "snowflake-streaming-loader-ec2"
  module_version = "0.1.2"

  tags                      = merge(var.tags, { Name = var.name, app_name = local.module_name })
  cloudwatch_log_group_name = "/aws/ec2/${var.name}"
  arn_logs                  = "arn:aws:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group"
  arn_streams               = "arn:aws:kinesis:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:stream"

  own_statements = [
    {
      Effect   = "Allow",
      Action   = ["kinesis:Get*", "kinesis:List*", "kinesis:Describe*"],
      Resource = ["${local.arn_streams}/${var.in_stream_name}"]
    },
    {
      Effect   = "Allow",
      Action   = ["kinesis:Put*"],
      Resource = ["${local.arn_streams}/${var.bad_stream_name}"]
    },
    {
      Effect   = "Allow",
      Action   = ["dynamodb:*"],
      Resource = [aws_dynamodb_table.kcl.arn]
    }
  ]

  target_group_arns = []
  health_check_type = "EC2"

  user_data = templatefile("${path.module}/templates/user-data.sh.tmpl", {
    url          = var.snowflake_account_url
    user         = var.snowflake_loader_user
    key          = replace(trimspace(var.snowflake_loader_private_key), "/\\s*-----[A-Z ]+-----\\s*/", "")
    database     = var.snowflake_database
    schema       = var.snowflake_schema
    skip         = jsonencode(var.skip_schemas)
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
