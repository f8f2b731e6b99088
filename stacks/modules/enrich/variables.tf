variable "name" {
  description = "Name of enrich: of its group, role, security group and log group"
  type        = string
}

variable "tags" {
  description = "Tags to set besides those that say what runs here"
  type        = map(string)
  default     = {}
}

variable "app_version" {
  description = "Version of enrich's container image"
  type        = string
  default     = "3.9.0"
}

variable "accept_limited_use_license" {
  description = "Whether the Snowplow Limited Use License is accepted"
  type        = bool
  default     = false

  validation {
    condition     = var.accept_limited_use_license
    error_message = "The application runs only if its licence is accepted: https://docs.snowplow.io/limited-use-license-1.0/."
  }
}

# Streams

variable "in_stream_name" {
  description = "Stream to read raw events from"
  type        = string
}

variable "enriched_stream_name" {
  description = "Stream for the events that pass"
  type        = string
}

variable "bad_stream_name" {
  description = "Stream for the events that fail"
  type        = string
}

variable "initial_position" {
  description = "Where to start in a stream without a saved position: TRIM_HORIZON or LATEST"
  type        = string
  default     = "TRIM_HORIZON"

  validation {
    condition     = contains(["TRIM_HORIZON", "LATEST"], var.initial_position)
    error_message = "Start at TRIM_HORIZON (the oldest record) or at LATEST (only new records)."
  }
}

# Schemas and enrichments

variable "schema_registries" {
  description = "Iglu registries with schemas of your own, asked before Iglu Central by rising priority"
  type = list(object({
    name            = string
    uri             = string
    api_key         = optional(string, "")
    priority        = optional(number, 0)
    vendor_prefixes = optional(list(string), [])
  }))
  default = []
}

variable "enrichments" {
  description = "JSON configurations of enrichments by name: one of a default's name replaces it, others are added"
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for configuration in values(var.enrichments) : can(jsondecode(configuration).schema)])
    error_message = "An enrichment's configuration is a JSON object with a schema."
  }
}

variable "assets_bucket" {
  description = "S3 bucket with files that enrichments read, such as an IP database; empty for none"
  type        = string
  default     = ""
}

# Positions in the stream

variable "lease_capacity" {
  description = "Fewest and most read and write units of the table in which the instances keep their positions"
  type = object({
    read_min  = number
    read_max  = number
    write_min = number
    write_max = number
  })
}

# Instances

variable "network" {
  description = "VPC of the security group, and its subnets to spread the instances over"
  type = object({
    vpc_id     = string
    subnet_ids = list(string)
  })
}

variable "ssh" {
  description = "Key pair that opens the instances, and the IPv4 ranges that may use it (none: no SSH)"
  type = object({
    key_name     = string
    ip_allowlist = list(any)
  })
}

variable "instance_type" {
  description = "Instance type"
  type        = string
}

variable "iam_permissions_boundary" {
  description = "ARN of the policy that bounds the role; empty for none"
  type        = string
  default     = ""
}

variable "more_egress_ports" {
  description = "TCP ports that enrichments reach besides 80 and 443"
  type        = list(number)
  default     = []
}

variable "min_size" {
  description = "Fewest instances"
  type        = number
}

variable "max_size" {
  description = "Most instances"
  type        = number
}

variable "enable_auto_scaling" {
  description = "Whether CPU load adds and removes instances"
  type        = bool
  default     = false
}

# Telemetry

variable "telemetry" {
  description = "Whether to tell Snowplow that this was created, updated or destroyed, and the user's own identifier for it (empty: none)"
  type = object({
    enabled          = bool
    user_provided_id = optional(string, "")
  })
  default = { enabled = true }
}
