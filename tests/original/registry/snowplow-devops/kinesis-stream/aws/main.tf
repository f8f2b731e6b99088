terraform {
  required_version = ">= 1.0.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 3.72.0"
    }
  }
}

variable "name" { type = string }

variable "stream_mode_details" {
  type    = string
  default = "PROVISIONED"

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.stream_mode_details)
    error_message = "The mode is PROVISIONED or ON_DEMAND."
  }
}

variable "shard_count" {
  type    = number
  default = 1
}

variable "tags" {
  type    = map(string)
  default = {}
}

locals {
  is_provisioned = var.stream_mode_details == "PROVISIONED"
  tags           = merge(var.tags, { Name = var.name })
}

resource "aws_kinesis_stream" "stream" {
  name                      = var.name
  shard_count               = local.is_provisioned ? var.shard_count : null
  retention_period          = 24
  encryption_type           = "KMS"
  kms_key_id                = "alias/aws/kinesis"
  enforce_consumer_deletion = true
  shard_level_metrics       = []

  stream_mode_details {
    stream_mode = var.stream_mode_details
  }

  tags = local.tags
}

output "name" { value = aws_kinesis_stream.stream.name }
output "arn" { value = aws_kinesis_stream.stream.arn }
