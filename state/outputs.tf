output "bucket" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.states.id
}

output "region" {
  description = "Region of the bucket."
  value       = var.region
}

output "lock_table" {
  description = "Name of the lock table; empty if there is none."
  value       = local.has_table ? aws_dynamodb_table.locks[0].name : ""
}

output "kms_key_arn" {
  description = "ARN of the key that states are encrypted with; empty for keys that S3 manages."
  value       = var.kms_key_arn
}
