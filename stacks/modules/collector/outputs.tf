output "security_group_id" {
  description = "Security group of the instances"
  value       = module.base.security_group_id
}

output "auto_scaling_group_name" {
  description = "Auto-scaling group of the instances"
  value       = module.service.auto_scaling_group_name
}
