variable "name" {
  description = "Name of the role, the policy, the instance profile and the security group"
  type        = string
}

variable "tags" {
  description = "Tags to set besides those that say what runs here"
  type        = map(string)
  default     = {}
}

# What runs here

variable "app_name" {
  description = "Application that runs on the instances"
  type        = string
}

variable "app_version" {
  description = "Version of that application"
  type        = string
}

variable "module_name" {
  description = "Module that sets the application up"
  type        = string
}

variable "module_version" {
  description = "Version of that module"
  type        = string
}

variable "telemetry" {
  description = "Whether to tell Snowplow that this was created, updated or destroyed, and the user's own identifier for it (empty: none)"
  type = object({
    enabled          = bool
    user_provided_id = optional(string, "")
  })
  default = { enabled = true }
}

# Permissions

variable "role_description" {
  description = "What the role is for"
  type        = string
}

variable "statements" {
  description = "What the service may do besides writing logs: API actions and the ARNs they apply to"
  type = list(object({
    actions   = list(string)
    resources = list(string)
  }))
}

variable "private_images" {
  description = "Whether the container's image lies in a private ECR repository"
  type        = bool
  default     = false
}

variable "iam_permissions_boundary" {
  description = "ARN of the policy that bounds the role; empty for none"
  type        = string
  default     = ""
}

# Logs

variable "log_retention_days" {
  description = "Days for which logs are kept"
  type        = number
  default     = 7
}

# Network

variable "vpc_id" {
  description = "VPC of the security group"
  type        = string
}

variable "ssh_ip_allowlist" {
  description = "IPv4 ranges that may open SSH connections; empty for none"
  type        = list(any)
}

variable "more_egress_ports" {
  description = "TCP ports to reach besides 80 and 443, such as a database's"
  type        = list(number)
  default     = []
}
