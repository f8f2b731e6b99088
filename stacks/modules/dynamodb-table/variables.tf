variable "name" {
  description = "Name of the table"
  type        = string
}

variable "hash_key" {
  description = "Attribute, a string, that identifies an item"
  type        = string
}

variable "tags" {
  description = "Tags of the table"
  type        = map(string)
  default     = {}
}

variable "capacity" {
  description = "Fewest and most read and write units"
  type = object({
    read_min  = number
    read_max  = number
    write_min = number
    write_max = number
  })
}

variable "target_percentage" {
  description = "Share of the capacity, in percent, that should be in use"
  type        = number
  default     = 85

  validation {
    condition     = var.target_percentage >= 20 && var.target_percentage <= 90
    error_message = "DynamoDB takes a target between 20 and 90 percent."
  }
}

variable "scale_in_cooldown_seconds" {
  description = "Seconds to wait after taking capacity away"
  type        = number
  default     = 300
}

variable "scale_out_cooldown_seconds" {
  description = "Seconds to wait after adding capacity"
  type        = number
  default     = 30
}
