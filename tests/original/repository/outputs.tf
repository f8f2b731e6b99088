output "collector_dns_name" {
  description = "Where trackers send their events"
  value       = module.collector_lb.dns_name
}
