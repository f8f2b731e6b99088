variable "subnet_ids" { type = list(string) }
variable "image_id" { type = string }

provider "aws" {
  region = "eu-west-3"
}

resource "aws_launch_template" "this" {
  name          = "normal"
  image_id      = var.image_id
  instance_type = "t3.micro"
}

resource "aws_autoscaling_group" "this" {
  name                = "normal"
  min_size            = 0
  max_size            = 2
  vpc_zone_identifier = [var.subnet_ids[0], var.subnet_ids[1]]
  suspended_processes = ["AZRebalance", "ScheduledActions"]
  enabled_metrics     = ["GroupMinSize", "GroupMaxSize"]

  launch_template {
    id      = aws_launch_template.this.id
    version = "$Latest"
  }

  tag {
    key                 = "a"
    value               = "1"
    propagate_at_launch = true
  }

  tag {
    key                 = "b"
    value               = "2"
    propagate_at_launch = false
  }
}

resource "aws_autoscaling_group" "mixed" {
  name                = "mixed"
  min_size            = 0
  max_size            = 2
  vpc_zone_identifier = [var.subnet_ids[0]]

  mixed_instances_policy {
    instances_distribution {
      on_demand_base_capacity = 1
    }

    launch_template {
      launch_template_specification {
        launch_template_id = aws_launch_template.this.id
      }
    }
  }
}

resource "aws_autoscaling_policy" "steps" {
  name                   = "steps"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "StepScaling"
  adjustment_type        = "ChangeInCapacity"

  step_adjustment {
    scaling_adjustment          = 1
    metric_interval_lower_bound = 0
    metric_interval_upper_bound = 10
  }

  step_adjustment {
    scaling_adjustment          = 2
    metric_interval_lower_bound = 10
  }
}

resource "aws_autoscaling_policy" "tracking" {
  name                   = "tracking"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 50

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_autoscaling_policy" "simple" {
  name                   = "simple"
  autoscaling_group_name = aws_autoscaling_group.this.name
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1
}
