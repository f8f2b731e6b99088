# A table with one string key, whose capacity follows its load.

resource "aws_dynamodb_table" "this" {
  name           = var.name
  hash_key       = var.hash_key
  read_capacity  = 1
  write_capacity = 1
  tags           = var.tags

  attribute {
    name = var.hash_key
    type = "S"
  }

  # Auto-scaling sets the capacities from then on.
  lifecycle {
    ignore_changes = [read_capacity, write_capacity]
  }
}

resource "aws_appautoscaling_target" "read" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  resource_id        = "table/${aws_dynamodb_table.this.name}"
  min_capacity       = var.capacity.read_min
  max_capacity       = var.capacity.read_max

  lifecycle {
    precondition {
      condition     = var.capacity.read_max >= var.capacity.read_min
      error_message = "Table ${var.name}: the largest read capacity, ${var.capacity.read_max}, is below the smallest, ${var.capacity.read_min}."
    }
  }
}

resource "aws_appautoscaling_policy" "read" {
  name               = "DynamoDBReadCapacityUtilization:${aws_appautoscaling_target.read.resource_id}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.read.service_namespace
  scalable_dimension = aws_appautoscaling_target.read.scalable_dimension
  resource_id        = aws_appautoscaling_target.read.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.target_percentage
    scale_in_cooldown  = var.scale_in_cooldown_seconds
    scale_out_cooldown = var.scale_out_cooldown_seconds

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_target" "write" {
  service_namespace  = "dynamodb"
  scalable_dimension = "dynamodb:table:WriteCapacityUnits"
  resource_id        = "table/${aws_dynamodb_table.this.name}"
  min_capacity       = var.capacity.write_min
  max_capacity       = var.capacity.write_max

  lifecycle {
    precondition {
      condition     = var.capacity.write_max >= var.capacity.write_min
      error_message = "Table ${var.name}: the largest write capacity, ${var.capacity.write_max}, is below the smallest, ${var.capacity.write_min}."
    }
  }
}

resource "aws_appautoscaling_policy" "write" {
  name               = "DynamoDBWriteCapacityUtilization:${aws_appautoscaling_target.write.resource_id}"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.write.service_namespace
  scalable_dimension = aws_appautoscaling_target.write.scalable_dimension
  resource_id        = aws_appautoscaling_target.write.resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.target_percentage
    scale_in_cooldown  = var.scale_in_cooldown_seconds
    scale_out_cooldown = var.scale_out_cooldown_seconds

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBWriteCapacityUtilization"
    }
  }
}
