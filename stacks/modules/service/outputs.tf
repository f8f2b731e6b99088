output "auto_scaling_group_name" {
  description = "Name of the auto-scaling group"
  value       = aws_autoscaling_group.this.name
}

output "launch_template_id" {
  description = "Launch template of the group"
  value       = aws_launch_template.this.id
}
