variable "table_name" { type = string }
variable "read_min_capacity" { type = number }
variable "read_max_capacity" { type = number }
variable "write_min_capacity" { type = number }
variable "write_max_capacity" { type = number }

variable "read_scale_in_cooldown" {
  type    = number
  default = 300
}

variable "read_scale_out_cooldown" {
  type    = number
  default = 30
}

locals {
  resource_id = "table/${var.table_name}"
}

resource "aws_appautoscaling_target" "read" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  resource_id        = local.resource_id
  min_capacity       = var.read_min_capacity
  max_capacity       = var.read_max_capacity
}

resource "aws_appautoscaling_policy" "read" {
  name               = "DynamoDBReadCapacityUtilization:${aws_appautoscaling_target.read.resource_id}"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.read.resource_id
  scalable_dimension = aws_appautoscaling_target.read.scalable_dimension
  service_namespace  = aws_appautoscaling_target.read.service_namespace

  target_tracking_scaling_policy_configuration {
    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }

    target_value       = 85
    scale_in_cooldown  = var.read_scale_in_cooldown
    scale_out_cooldown = var.read_scale_out_cooldown
  }
}

resource "aws_appautoscaling_target" "write" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  resource_id        = local.resource_id
  min_capacity       = var.write_min_capacity
  max_capacity       = var.write_max_capacity
}

resource "aws_appautoscaling_policy" "write" {
  name               = "DynamoDBWriteCapacityUtilization:${aws_appautoscaling_target.write.resource_id}"
  policy_type        = "TargetTrackingScaling"
  resource_id        = aws_appautoscaling_target.write.resource_id
  scalable_dimension = aws_appautoscaling_target.write.scalable_dimension
  service_namespace  = aws_appautoscaling_target.write.service_namespace

  target_tracking_scaling_policy_configuration {
    predefined_metric_specification {
      predefined_metric_type = "DynamoDBWriteCapacityUtilization"
    }

    target_value       = 85
    scale_in_cooldown  = 300
    scale_out_cooldown = 30
  }
}
