variable "name" {
  description = "Name of the load balancer and of its security group, also their Name tag"
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9]([a-zA-Z0-9-]{0,30}[a-zA-Z0-9])?$", var.name)) && !startswith(var.name, "internal-")
    error_message = "A load balancer's name has at most 32 letters, digits and inner hyphens, and does not start with \"internal-\"."
  }
}

variable "vpc_id" {
  description = "VPC of the security group and of the target group"
  type        = string
}

variable "subnet_ids" {
  description = "Subnets of the load balancer, in at least two availability zones"
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "An application load balancer needs two subnets or more, each in another availability zone."
  }
}

variable "allowed_cidr_blocks" {
  description = "IPv4 ranges that may reach ports 80 and 443"
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "target_port" {
  description = "Port on which the targets listen"
  type        = number
  default     = 8080

  validation {
    condition     = var.target_port >= 1 && var.target_port <= 65535
    error_message = "A port lies between 1 and 65535."
  }
}

variable "health_check_path" {
  description = "Path that a healthy target answers"
  type        = string

  validation {
    condition     = startswith(var.health_check_path, "/")
    error_message = "The health check's path starts with a slash."
  }
}

variable "health_check_matcher" {
  description = "HTTP status codes that count as healthy: single ones, a list or a range"
  type        = string
  default     = "200-399"
}

variable "ssl_certificate_enabled" {
  description = "Whether to listen on 443 with the certificate given"
  type        = bool
  default     = false
}

variable "ssl_certificate_arn" {
  description = "ARN of the certificate for 443; used only if ssl_certificate_enabled is set"
  type        = string
  default     = ""
}

variable "ssl_policy" {
  description = "Security policy of the HTTPS listener: the TLS versions and ciphers it offers"
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"
}

variable "tags" {
  description = "Tags to set besides Name"
  type        = map(string)
  default     = {}
}
