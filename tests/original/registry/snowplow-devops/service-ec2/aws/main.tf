variable "name" { type = string }
variable "instance_type" { type = string }
variable "ssh_key_name" { type = string }
variable "iam_instance_profile_name" { type = string }
variable "security_groups" { type = list(string) }
variable "subnet_ids" { type = list(string) }
variable "min_size" { type = number }
variable "max_size" { type = number }
variable "enable_auto_scaling" { type = bool }
variable "user_supplied_script" { type = string }

variable "amazon_linux_2_ami_id" {
  type    = string
  default = ""
}

variable "target_group_arns" {
  type    = list(string)
  default = []
}

variable "health_check_type" {
  type    = string
  default = "EC2"
}

variable "tags" {
  type    = map(string)
  default = {}
}

module "instance_type_metrics" {
  source  = "snowplow-devops/instance-type-metrics/aws"
  version = "0.1.2"

  instance_type = var.instance_type
}

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

locals {
  image_id = var.amazon_linux_2_ami_id == "" ? data.aws_ami.amazon_linux_2.id : var.amazon_linux_2_ami_id

  tags = merge(var.tags, { Name = var.name })

  user_data = templatefile("${path.module}/templates/user-data.sh.tmpl", {
    memory_mb = module.instance_type_metrics.memory_application_mb
    script    = var.user_supplied_script
  })
}

resource "aws_launch_template" "lt" {
  name_prefix   = "${var.name}-"
  image_id      = local.image_id
  instance_type = var.instance_type
  key_name      = var.ssh_key_name
  user_data     = base64encode(local.user_data)

  iam_instance_profile {
    name = var.iam_instance_profile_name
  }

  network_interfaces {
    associate_public_ip_address = true
    security_groups             = var.security_groups
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_size           = 10
      volume_type           = "gp3"
      delete_on_termination = true
      encrypted             = true
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
    instance_metadata_tags      = "enabled"
  }

  tags = local.tags

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_autoscaling_group" "asg" {
  name                      = var.name
  min_size                  = var.min_size
  max_size                  = var.max_size
  vpc_zone_identifier       = var.subnet_ids
  health_check_grace_period = 300
  health_check_type         = var.health_check_type
  target_group_arns         = var.target_group_arns
  metrics_granularity       = "1Minute"
  enabled_metrics           = ["GroupDesiredCapacity", "GroupInServiceInstances"]

  launch_template {
    id      = aws_launch_template.lt.id
    version = aws_launch_template.lt.latest_version
  }

  instance_refresh {
    strategy = "Rolling"
    triggers = ["tag"]

    preferences {
      min_healthy_percentage = 90
    }
  }

  dynamic "tag" {
    for_each = local.tags

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }
}

resource "aws_autoscaling_policy" "up" {
  count = var.enable_auto_scaling ? 1 : 0

  name                   = "${var.name}-up"
  autoscaling_group_name = aws_autoscaling_group.asg.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1
  cooldown               = 180
}

resource "aws_autoscaling_policy" "down" {
  count = var.enable_auto_scaling ? 1 : 0

  name                   = "${var.name}-down"
  autoscaling_group_name = aws_autoscaling_group.asg.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = -1
  cooldown               = 600
}

resource "aws_cloudwatch_metric_alarm" "high" {
  count = var.enable_auto_scaling ? 1 : 0

  alarm_name          = "${var.name}-cpu-high"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60
  period              = 60
  evaluation_periods  = 5
  alarm_actions       = [join("", aws_autoscaling_policy.up.*.arn)]

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.asg.name
  }
}

resource "aws_cloudwatch_metric_alarm" "low" {
  count = var.enable_auto_scaling ? 1 : 0

  alarm_name          = "${var.name}-cpu-low"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  statistic           = "Average"
  comparison_operator = "LessThanThreshold"
  threshold           = 20
  period              = 60
  evaluation_periods  = 60
  alarm_actions       = [join("", aws_autoscaling_policy.down.*.arn)]

  dimensions = {
    AutoScalingGroupName = aws_autoscaling_group.asg.name
  }
}

output "asg_id" { value = aws_autoscaling_group.asg.id }
output "asg_name" { value = aws_autoscaling_group.asg.name }
