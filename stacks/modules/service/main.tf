# One service: a container on each instance of an auto-scaling group.

data "aws_ami" "amazon_linux_2" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["amzn2-ami-hvm-*-x86_64-ebs"]
  }

  filter {
    name   = "root-device-type"
    values = ["ebs"]
  }

  filter {
    name   = "virtualization-type"
    values = ["hvm"]
  }
}

module "instance_type" {
  source = "../instance-type-metrics"

  instance_type = var.instance_type
}

locals {
  user_data = templatefile("${path.module}/templates/user-data.sh.tftpl", {
    name           = var.container_name
    image          = var.container_image
    arguments      = var.container_arguments
    environment    = var.container_environment
    secrets        = var.container_secrets
    files          = var.container_files
    java_options   = var.java_options
    memory_mb      = module.instance_type.application_memory_mb
    log_group_name = var.log_group_name
    config_hash    = var.config_hash
  })
}

resource "aws_launch_template" "this" {
  name_prefix   = "${var.name}-"
  image_id      = var.ami_id == "" ? data.aws_ami.amazon_linux_2.id : var.ami_id
  instance_type = var.instance_type
  key_name      = var.ssh_key_name
  user_data     = base64encode(local.user_data)

  iam_instance_profile {
    name = var.instance_profile_name
  }

  network_interfaces {
    # The subnets are public: without an address of its own an instance reaches nothing.
    associate_public_ip_address = var.associate_public_ip_address
    security_groups             = var.security_group_ids
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = 10
      encrypted             = true
      delete_on_termination = true
    }
  }

  metadata_options {
    http_endpoint          = "enabled"
    http_tokens            = "required"
    instance_metadata_tags = "enabled"

    # The container is one hop further away than the instance.
    http_put_response_hop_limit = 2
  }

  tags = var.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "this" {
  name                = var.name
  min_size            = var.min_size
  max_size            = var.max_size
  vpc_zone_identifier = var.subnet_ids
  target_group_arns   = var.target_group_arns

  health_check_type         = var.health_check_type
  health_check_grace_period = 300

  metrics_granularity = "1Minute"
  enabled_metrics     = ["GroupInServiceInstances"]

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # A new version of the template always starts a refresh; a changed tag does too.
  instance_refresh {
    strategy = "Rolling"
    triggers = ["tag"]

    preferences {
      min_healthy_percentage = 90
    }
  }

  dynamic "tag" {
    for_each = var.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  lifecycle {
    precondition {
      condition     = var.max_size >= var.min_size
      error_message = "Service ${var.name}: the most instances, ${var.max_size}, are fewer than the fewest, ${var.min_size}."
    }
  }
}
