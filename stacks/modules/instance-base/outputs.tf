output "log_group_name" {
  description = "Log group for the containers' output"
  value       = aws_cloudwatch_log_group.this.name
}

output "instance_profile_name" {
  description = "Instance profile with the role"
  value       = aws_iam_instance_profile.this.name
}

output "security_group_id" {
  description = "Security group of the instances"
  value       = aws_security_group.this.id
}

output "tags" {
  description = "Tags that say what runs here"
  value       = local.tags
}

output "telemetry" {
  description = "Telemetry settings for the application's own configuration"
  value = {
    enabled           = var.telemetry.enabled
    collector_uri     = join("", module.telemetry[*].collector_uri)
    auto_generated_id = join("", module.telemetry[*].auto_generated_id)
    user_provided_id  = var.telemetry.user_provided_id
    module_name       = var.module_name
    module_version    = var.module_version
  }
}
