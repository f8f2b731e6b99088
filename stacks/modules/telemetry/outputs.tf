output "auto_generated_id" {
  description = "Random id, 32 hexadecimal digits, that ties the events of one module together"
  value       = random_id.this.hex
}

output "collector_uri" {
  description = "Host of the collector that takes the events"
  value       = var.collector_uri
}
