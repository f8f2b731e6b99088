variable "name" {
  description = "Name of the loader: of its group, role, security group and log group"
  type        = string
}

variable "tags" {
  description = "Tags to set besides those that say what runs here"
  type        = map(string)
  default     = {}
}

variable "app_version" {
  description = "Version of the loader's container image"
  type        = string
  default     = "0.2.2"
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
  description = "Stream to read enriched events from"
  type        = string
}

variable "bad_stream_name" {
  description = "Stream for events that Snowflake does not take"
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

# Snowflake

variable "snowflake_account_url" {
  description = "URL of the account"
  type        = string
}

variable "snowflake_user" {
  description = "User to sign in as"
  type        = string
}

variable "snowflake_private_key" {
  description = "Private key of that user, as PEM text"
  type        = string
  sensitive   = true
}

variable "snowflake_role" {
  description = "Role to take; empty for the user's default"
  type        = string
  default     = ""
}

variable "snowflake_database" {
  description = "Database that receives the events"
  type        = string
}

variable "snowflake_schema" {
  description = "Schema that holds the events table"
  type        = string
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
