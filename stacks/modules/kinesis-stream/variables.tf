variable "name" {
  description = "Name of the stream, also its Name tag"
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_.-]{1,128}$", var.name))
    error_message = "A stream's name has 1 to 128 letters, digits, dots, hyphens and underscores."
  }
}

variable "mode" {
  description = "PROVISIONED (a fixed number of shards) or ON_DEMAND (AWS adds and removes shards)"
  type        = string
  default     = "PROVISIONED"

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.mode)
    error_message = "The stream mode is PROVISIONED or ON_DEMAND."
  }
}

variable "shard_count" {
  description = "Shards of a PROVISIONED stream; each takes 1 MB or 1,000 records a second"
  type        = number
  default     = 1

  validation {
    condition     = var.shard_count >= 1 && floor(var.shard_count) == var.shard_count
    error_message = "The shard count is a whole number of at least 1."
  }
}

variable "retention_hours" {
  description = "Hours for which records stay readable"
  type        = number
  default     = 24

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760
    error_message = "Kinesis keeps records for 24 to 8760 hours."
  }
}

variable "kms_key_id" {
  description = "KMS key that encrypts the stream: an alias, a key id or an ARN"
  type        = string
  default     = "alias/aws/kinesis"
}

variable "tags" {
  description = "Tags to set besides Name"
  type        = map(string)
  default     = {}
}
