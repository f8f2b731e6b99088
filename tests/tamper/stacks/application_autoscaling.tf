provider "aws" {
  region = "eu-west-3"
}

# The tables "orders" and "users" are there.
resource "aws_appautoscaling_target" "reads" {
  service_namespace  = "dynamodb"
  resource_id        = "table/orders"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  min_capacity       = 1  #~ 2
  max_capacity       = 10 #~ 20

  # Not used: the service has a role of its own.
  role_arn = "arn:aws:iam::123456789012:role/scaling"

  suspended_state {
    dynamic_scaling_in_suspended  = true  #~ false
    dynamic_scaling_out_suspended = false #~ true
    scheduled_scaling_suspended   = true  #~ -
  }

  tags = { Name = "reads" } #~ { Name = "writes" }; also tags_all
}

resource "aws_appautoscaling_target" "writes" {
  service_namespace  = "dynamodb"
  resource_id        = "table/users"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  min_capacity       = 1
  max_capacity       = 10
}

resource "aws_appautoscaling_target" "cluster" {
  service_namespace  = "elasticmapreduce"
  resource_id        = "instancegroup/j-1/ig-1"
  scalable_dimension = "elasticmapreduce:instancegroup:InstanceCount"
  min_capacity       = 0
  max_capacity       = 3
  role_arn           = "arn:aws:iam::123456789012:role/old" #~ "arn:aws:iam::123456789012:role/new"
}

resource "aws_appautoscaling_policy" "predefined" {
  name               = "predefined"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.reads.service_namespace
  resource_id        = aws_appautoscaling_target.reads.resource_id
  scalable_dimension = aws_appautoscaling_target.reads.scalable_dimension

  target_tracking_scaling_policy_configuration {
    disable_scale_in   = true #~ false
    scale_in_cooldown  = 60   #~ 90
    scale_out_cooldown = 30   #~ -
    target_value       = 70.5 #~ 80

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget" #~ "DynamoDBReadCapacityUtilization"
      resource_label         = "app/a/0123456789abcdef/targetgroup/a/0123456789abcdef" #~ "app/b/0123456789abcdef/targetgroup/b/0123456789abcdef"
    }
  }
}

resource "aws_appautoscaling_policy" "metric" {
  name               = "metric"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.writes.service_namespace
  resource_id        = aws_appautoscaling_target.writes.resource_id
  scalable_dimension = aws_appautoscaling_target.writes.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = 5

    customized_metric_specification {
      metric_name = "Depth"   #~ "Height"
      namespace   = "Ours"    #~ "Theirs"
      statistic   = "Average" #~ "Sum"
      unit        = "Count"   #~ "Bytes"

      dimensions {
        name  = "a" #~ "b"; also target_tracking_scaling_policy_configuration.customized_metric_specification.dimensions
        value = "1" #~ "2"; also target_tracking_scaling_policy_configuration.customized_metric_specification.dimensions
      }
    }
  }
}

resource "aws_appautoscaling_policy" "math" {
  name               = "math"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.reads.service_namespace
  resource_id        = aws_appautoscaling_target.reads.resource_id
  scalable_dimension = aws_appautoscaling_target.reads.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value = 5

    customized_metric_specification {
      metrics {
        id         = "ratio"     #~ "part"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics
        expression = "depth / 2" #~ "depth / 3"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics
        label      = "Half"      #~ "Third"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics
      }

      metrics {
        id          = "depth"
        return_data = false #~ true; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics

        metric_stat {
          stat = "Sum"   #~ "Maximum"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics
          unit = "Count" #~ "Bytes"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics

          metric {
            metric_name = "Depth" #~ "Height"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics
            namespace   = "Ours"  #~ "Theirs"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics

            dimensions {
              name  = "a" #~ "b"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics
              value = "1" #~ "2"; also target_tracking_scaling_policy_configuration.customized_metric_specification.metrics
            }
          }
        }
      }
    }
  }
}

resource "aws_appautoscaling_policy" "steps" {
  name               = "steps"
  service_namespace  = aws_appautoscaling_target.reads.service_namespace
  resource_id        = aws_appautoscaling_target.reads.resource_id
  scalable_dimension = aws_appautoscaling_target.reads.scalable_dimension

  step_scaling_policy_configuration {
    adjustment_type          = "PercentChangeInCapacity" #~ "ExactCapacity"
    cooldown                 = 60                        #~ 90
    metric_aggregation_type  = "Maximum"                 #~ "Minimum"
    min_adjustment_magnitude = 2                         #~ 3

    step_adjustment {
      scaling_adjustment          = 10    #~ 20; also step_scaling_policy_configuration.step_adjustment
      metric_interval_lower_bound = "0.0" #~ "1"; also step_scaling_policy_configuration.step_adjustment
      metric_interval_upper_bound = 5.5   #~ -; also step_scaling_policy_configuration.step_adjustment
    }
  }
}
