variable "name" {
  description = "Name of the auto-scaling group, first part of the names of what belongs to it"
  type        = string
}

variable "tags" {
  description = "Tags of the launch template, of the group and of its instances"
  type        = map(string)
  default     = {}
}

# Instances

variable "instance_type" {
  description = "Instance type; it also decides how much memory the container gets"
  type        = string
}

variable "ami_id" {
  description = "Image to boot; empty for the newest Amazon Linux 2"
  type        = string
  default     = ""
}

variable "ssh_key_name" {
  description = "Key pair that opens the instances"
  type        = string
}

variable "instance_profile_name" {
  description = "Instance profile with what the service may do"
  type        = string
}

variable "security_group_ids" {
  description = "Security groups of the instances"
  type        = list(string)
}

variable "associate_public_ip_address" {
  description = "Whether instances get a public address; only private subnets with a NAT gateway can do without"
  type        = bool
  default     = true
}

variable "subnet_ids" {
  description = "Subnets to spread the instances over"
  type        = list(string)
}

variable "target_group_arns" {
  description = "Target groups that the instances join"
  type        = list(string)
  default     = []
}

variable "health_check_type" {
  description = "EC2 (the machine runs) or ELB (the load balancer gets answers, too)"
  type        = string
  default     = "EC2"

  validation {
    condition     = contains(["EC2", "ELB"], var.health_check_type)
    error_message = "The health check is EC2 or ELB."
  }
}

# Container

variable "container_name" {
  description = "Name of the container"
  type        = string
}

variable "container_image" {
  description = "Image of the container, with its tag"
  type        = string
}

variable "container_arguments" {
  description = "Arguments of the container's program"
  type        = list(string)
  default     = []
}

variable "container_environment" {
  description = "Environment of the container"
  type        = map(string)
  default     = {}
}

variable "container_secrets" {
  description = "More environment, kept off command lines; it becomes part of the user data, so pass values that are marked sensitive"
  type        = map(string)
  default     = {}
}

variable "container_files" {
  description = "Files by name, to be found under /opt/pipeline on the instance and in the container"
  type        = map(string)
  default     = {}
}

variable "config_hash" {
  description = "Hash of what the service reads from elsewhere when it starts: a change of it replaces the instances"
  type        = string
  default     = ""
}

variable "java_options" {
  description = "Options of the Java virtual machine"
  type        = string
  default     = "-XX:InitialRAMPercentage=75 -XX:MaxRAMPercentage=75"
}

variable "log_group_name" {
  description = "CloudWatch log group for the container's output"
  type        = string
}

# Scale

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

variable "scale_up" {
  description = "When to add an instance: CPU above cpu_percentage for so many minutes, then nothing for cooldown_seconds"
  type = object({
    cpu_percentage   = optional(number, 60)
    minutes          = optional(number, 5)
    cooldown_seconds = optional(number, 180)
  })
  default = {}
}

variable "scale_down" {
  description = "When to take an instance away: CPU below cpu_percentage for so many minutes, then nothing for cooldown_seconds"
  type = object({
    cpu_percentage   = optional(number, 20)
    minutes          = optional(number, 60)
    cooldown_seconds = optional(number, 600)
  })
  default = {}
}
