variable "instance_type" { type = string }

data "aws_ec2_instance_type" "instance" {
  instance_type = var.instance_type
}

locals {
  memory_mb = data.aws_ec2_instance_type.instance.memory_size
  share     = floor(local.memory_mb * 0.8)

  # The operating system keeps at least this much.
  reserved_mb = 384
  app_mb      = local.memory_mb - local.share < local.reserved_mb ? local.memory_mb - local.reserved_mb : local.share
}

output "memory_application_mb" { value = local.app_mb }
