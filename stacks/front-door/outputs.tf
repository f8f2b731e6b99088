output "collector_dns_name" {
  description = "DNS name of the load balancer that trackers send their events to"
  value       = module.collector_lb.dns_name
}
