terraform {
  required_providers {
    snowplow = {
      source  = "snowplow-devops/snowplow"
      version = ">= 0.4.0"
    }
    random = {
      source  = "hashicorp/random"
      version = ">= 3.1.0"
    }
  }
}

variable "collector_uri" {
  type    = string
  default = "127.0.0.1:9"
}

variable "user_provided_id" {
  type    = string
  default = ""
}

variable "module_name" { type = string }
variable "module_version" { type = string }
variable "region" { type = string }

resource "random_id" "auto_generated_id" {
  byte_length = 16
}

locals {
  schema = "iglu:com.example.pipeline/%s/jsonschema/1-0-0"

  module_context = {
    name    = var.module_name
    version = var.module_version
    cloud   = "AWS"
    region  = var.region

    user_provided_id  = var.user_provided_id == "" ? null : var.user_provided_id
    auto_generated_id = random_id.auto_generated_id.hex
  }
}

resource "snowplow_track_self_describing_event" "lifecycle" {
  collector_uri    = var.collector_uri
  emitter_protocol = "HTTP"
  tracker_app_id   = "pipeline"

  create_event = {
    iglu_uri = format(local.schema, "module_created")
    payload  = jsonencode({})
  }

  update_event = {
    iglu_uri = format(local.schema, "module_updated")
    payload  = jsonencode({})
  }

  delete_event = {
    iglu_uri = format(local.schema, "module_deleted")
    payload  = jsonencode({})
  }

  contexts = [
    {
      iglu_uri = format(local.schema, "module")
      payload  = jsonencode(local.module_context)
    },
  ]
}

output "collector_uri" { value = var.collector_uri }
output "auto_generated_id" { value = random_id.auto_generated_id.hex }
