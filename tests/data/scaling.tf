terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_appautoscaling_target" "this" {
  for_each = toset(["Read", "Write"])

  service_namespace  = "dynamodb"
  resource_id        = "table/orders"
  scalable_dimension = "dynamodb:table:${each.key}CapacityUnits"
  min_capacity       = 1
  max_capacity       = 10
  tags               = { Name = each.key }
}

resource "aws_appautoscaling_target" "suspended" {
  service_namespace  = "dynamodb"
  resource_id        = "table/orders/index/by-date"
  scalable_dimension = "dynamodb:index:ReadCapacityUnits"
  min_capacity       = 0
  max_capacity       = 5

  suspended_state {
    dynamic_scaling_in_suspended = true
  }
}

resource "aws_appautoscaling_policy" "predefined" {
  for_each = aws_appautoscaling_target.this

  name               = "DynamoDB${each.key}CapacityUtilization:${each.value.resource_id}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = each.value.service_namespace
  resource_id        = each.value.resource_id
  scalable_dimension = each.value.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value      = 70.5
    scale_in_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "DynamoDB${each.key}CapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "math" {
  name               = "math"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.this["Read"].service_namespace
  resource_id        = aws_appautoscaling_target.this["Read"].resource_id
  scalable_dimension = aws_appautoscaling_target.this["Read"].scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value     = 5
    disable_scale_in = true

    customized_metric_specification {
      metrics {
        id         = "half"
        label      = "Half"
        expression = "depth / 2"
      }

      metrics {
        id          = "depth"
        return_data = false

        metric_stat {
          stat = "Sum"
          unit = "Count"

          metric {
            metric_name = "Depth"
            namespace   = "Ours"

            dimensions {
              name  = "b"
              value = "1"
            }

            dimensions {
              name  = "a"
              value = "2"
            }
          }
        }
      }
    }
  }
}

resource "aws_appautoscaling_policy" "steps" {
  name               = "steps"
  service_namespace  = aws_appautoscaling_target.suspended.service_namespace
  resource_id        = aws_appautoscaling_target.suspended.resource_id
  scalable_dimension = aws_appautoscaling_target.suspended.scalable_dimension

  step_scaling_policy_configuration {
    adjustment_type          = "PercentChangeInCapacity"
    cooldown                 = 0
    metric_aggregation_type  = "Maximum"
    min_adjustment_magnitude = 2

    step_adjustment {
      metric_interval_lower_bound = 1.5
      scaling_adjustment          = 20
    }

    step_adjustment {
      metric_interval_lower_bound = 0
      metric_interval_upper_bound = 1.5
      scaling_adjustment          = 10
    }
  }
}
