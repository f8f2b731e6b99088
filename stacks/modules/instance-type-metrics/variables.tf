variable "instance_type" {
  description = "Instance type to look up"
  type        = string
}

variable "application_percentage" {
  description = "Share of the memory, in percent, that the application gets"
  type        = number
  default     = 80

  validation {
    condition     = var.application_percentage > 0 && var.application_percentage <= 100
    error_message = "The share lies between 1 and 100 percent."
  }
}

variable "operating_system_mb" {
  description = "Memory, in MB, that the operating system keeps at least"
  type        = number
  default     = 384
}
