output "arn" {
  description = "ARN of the load balancer"
  value       = aws_lb.this.arn
}

output "dns_name" {
  description = "DNS name of the load balancer"
  value       = aws_lb.this.dns_name
}

output "zone_id" {
  description = "Route 53 zone of the load balancer, for an alias record"
  value       = aws_lb.this.zone_id
}

output "security_group_id" {
  description = "Security group of the load balancer"
  value       = aws_security_group.this.id
}

output "target_group_arn" {
  description = "Target group that the listeners forward to"
  value       = aws_lb_target_group.this.arn
}

output "target_port" {
  description = "Port on which the load balancer expects its targets"
  value       = aws_lb_target_group.this.port
}
