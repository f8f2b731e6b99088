output "memory_mb" {
  description = "Memory of the instance type, in MB"
  value       = local.memory_mb
}

output "application_memory_mb" {
  description = "Memory that the application may use, in MB"
  value       = local.application_memory_mb
}
