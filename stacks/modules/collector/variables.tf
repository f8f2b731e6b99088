variable "name" {
  description = "Name of the collector: of its group, role, security group and log group"
  type        = string
}

variable "tags" {
  description = "Tags to set besides those that say what runs here"
  type        = map(string)
  default     = {}
}

variable "app_version" {
  description = "Version of the collector's container image"
  type        = string
  default     = "3.1.0"
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

# Streams and load balancer

variable "good_stream_name" {
  description = "Stream for the events that arrive"
  type        = string
}

variable "bad_stream_name" {
  description = "Stream for what the good one cannot take"
  type        = string
}

variable "buffer" {
  description = "When collected events are sent on: after so many bytes, records or milliseconds, whichever is first"
  type = object({
    bytes        = optional(number, 1000000)
    records      = optional(number, 500)
    milliseconds = optional(number, 500)
  })
  default = {}
}

variable "port" {
  description = "Port on which the collector listens"
  type        = number
}

variable "load_balancer_security_group_id" {
  description = "Security group of the load balancer in front"
  type        = string
}

variable "target_group_arn" {
  description = "Target group that the instances join"
  type        = string
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
