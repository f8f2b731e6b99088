data "aws_ec2_instance_type" "this" {
  instance_type = var.instance_type
}

locals {
  memory_mb = data.aws_ec2_instance_type.this.memory_size

  # The application gets its share, but on a small machine the operating system comes first.
  application_share_mb  = floor(local.memory_mb * var.application_percentage / 100)
  application_memory_mb = min(local.application_share_mb, local.memory_mb - var.operating_system_mb)
}
