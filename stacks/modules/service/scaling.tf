# Adds an instance when the group's CPU is busy for minutes, takes one away when it idles for an hour.

resource "aws_autoscaling_policy" "scale_up" {
  count = var.enable_auto_scaling ? 1 : 0

  name                   = "${var.name}-scale-up"
  autoscaling_group_name = aws_autoscaling_group.this.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1
  cooldown               = var.scale_up.cooldown_seconds
}

resource "aws_cloudwatch_metric_alarm" "cpu_high" {
  count = var.enable_auto_scaling ? 1 : 0

  alarm_name          = "${var.name}-cpu-high"
  alarm_description   = "${var.name}: CPU above ${var.scale_up.cpu_percentage} percent for ${var.scale_up.minutes} minutes"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.this.name }
  statistic           = "Average"
  unit                = "Percent"
  period              = 60
  evaluation_periods  = var.scale_up.minutes
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.scale_up.cpu_percentage
  alarm_actions       = aws_autoscaling_policy.scale_up[*].arn
}

resource "aws_autoscaling_policy" "scale_down" {
  count = var.enable_auto_scaling ? 1 : 0

  name                   = "${var.name}-scale-down"
  autoscaling_group_name = aws_autoscaling_group.this.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = -1
  cooldown               = var.scale_down.cooldown_seconds
}

resource "aws_cloudwatch_metric_alarm" "cpu_low" {
  count = var.enable_auto_scaling ? 1 : 0

  alarm_name          = "${var.name}-cpu-low"
  alarm_description   = "${var.name}: CPU below ${var.scale_down.cpu_percentage} percent for ${var.scale_down.minutes} minutes"
  namespace           = "AWS/EC2"
  metric_name         = "CPUUtilization"
  dimensions          = { AutoScalingGroupName = aws_autoscaling_group.this.name }
  statistic           = "Average"
  unit                = "Percent"
  period              = 60
  evaluation_periods  = var.scale_down.minutes
  comparison_operator = "LessThanThreshold"
  threshold           = var.scale_down.cpu_percentage
  alarm_actions       = aws_autoscaling_policy.scale_down[*].arn
}
