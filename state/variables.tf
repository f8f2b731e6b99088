variable "bucket" {
  description = "Name of the bucket that keeps the states of all stacks. Bucket names are unique in all of AWS."
  type        = string
}

variable "region" {
  description = "Region of the bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "ARN of a KMS key to encrypt states with. Empty: keys that S3 manages."
  type        = string
  default     = ""
}

variable "old_version_days" {
  description = "How many days a replaced version of a state is kept."
  type        = number
  default     = 365

  validation {
    condition     = var.old_version_days >= 1
    error_message = "A replaced version is kept for at least one day."
  }
}

variable "lock_table" {
  description = "Name of a DynamoDB table for locks, for writers before Terraform 1.10. Empty: none, states are locked by objects."
  type        = string
  default     = ""
}

variable "tags" {
  description = "Tags of the bucket and the table."
  type        = map(string)
  default     = {}
}
