# Groups, their templates and what scales: what another value of each argument means.

resource "aws_autoscaling_group" "forced" {
  name                = "old" #~ "new"
  max_size            = 2     #~ 3
  min_size            = 1     #~ 0
  vpc_zone_identifier = ["subnet-1"]

  launch_template {
    id = "lt-1"
  }
}

resource "aws_autoscaling_group" "prefixed" {
  name_prefix         = "old-" #~ "new-"
  max_size            = 2
  min_size            = 1
  vpc_zone_identifier = ["subnet-1"]

  launch_template {
    id = "lt-1"
  }
}

resource "aws_autoscaling_group" "hooked" {
  name                = "same"
  max_size            = 2
  min_size            = 1
  vpc_zone_identifier = ["subnet-1"]

  launch_template {
    id = "lt-1"
  }

  initial_lifecycle_hook {
    name                    = "old"                                      #~ "new"
    default_result          = "CONTINUE"                                 #~ "ABANDON"
    heartbeat_timeout       = 60                                         #~ 90
    lifecycle_transition    = "autoscaling:EC2_INSTANCE_LAUNCHING"       #~ "autoscaling:EC2_INSTANCE_TERMINATING"
    notification_metadata   = "old"                                      #~ "new"
    notification_target_arn = "arn:aws:sqs:eu-west-3:123456789012:old"   #~ "arn:aws:sqs:eu-west-3:123456789012:new"
    role_arn                = "arn:aws:iam::123456789012:role/old"       #~ "arn:aws:iam::123456789012:role/new"
  }
}

resource "aws_autoscaling_group" "hooked_later" {
  name                = "same"
  max_size            = 2
  min_size            = 1
  vpc_zone_identifier = ["subnet-1"]

  launch_template {
    id = "lt-1"
  }

  #~+ initial_lifecycle_hook {;;name = "new";;lifecycle_transition = "autoscaling:EC2_INSTANCE_LAUNCHING";;}
}

resource "aws_autoscaling_group" "updated" {
  name                             = "same"
  max_size                         = 2
  min_size                         = 1
  vpc_zone_identifier              = ["subnet-1"]
  force_delete                     = true  #~ false
  force_delete_warm_pool           = true  #~ false
  ignore_failed_scaling_activities = true  #~ false
  min_elb_capacity                 = 1     #~ 2
  wait_for_capacity_timeout        = "10m" #~ "20m"
  wait_for_elb_capacity            = 1     #~ 2

  launch_template {
    id = "lt-1"
  }

  instance_refresh {
    strategy = "Rolling"
    triggers = ["tag"] #~ ["min_size"]

    preferences {
      auto_rollback                = true      #~ false
      checkpoint_delay             = "60"      #~ "90"
      checkpoint_percentages       = [50, 100] #~ [60, 100]
      instance_warmup              = "60"      #~ "90"
      max_healthy_percentage       = 110       #~ 120
      min_healthy_percentage       = 90        #~ 80
      scale_in_protected_instances = "Ignore"  #~ "Wait"
      skip_matching                = true      #~ false
      standby_instances            = "Ignore"  #~ "Wait"

      alarm_specification {
        alarms = ["old"] #~ ["new"]
      }
    }
  }
}

resource "aws_autoscaling_group" "other_source" {
  name                 = "same"
  max_size             = 2
  min_size             = 1
  vpc_zone_identifier  = ["subnet-1"]
  launch_configuration = "old" #~ -
  #~&+ launch_template { id = "lt-1" }
}

resource "aws_autoscaling_group" "sourced" {
  name                 = "same"
  max_size             = 2
  min_size             = 1
  vpc_zone_identifier  = ["subnet-1"]
  launch_configuration = "same"

  traffic_source {
    identifier = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:vpc-lattice:eu-west-3:123456789012:targetgroup/tg-1"
    type       = "elbv2" #~ "vpc-lattice"
  }
}

resource "aws_autoscaling_policy" "forced" {
  name                   = "old" #~ "new"
  autoscaling_group_name = "old" #~ "new"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1 #~ 2
}

resource "aws_autoscaling_policy" "other_kind" {
  name                   = "same"
  autoscaling_group_name = "same"
  policy_type            = "SimpleScaling" #~ "StepScaling"
  adjustment_type        = "ChangeInCapacity"
  scaling_adjustment     = 1 #~ -
  #~&+ step_adjustment {;;scaling_adjustment = 1;;metric_interval_lower_bound = "1";;}
}

resource "aws_autoscaling_attachment" "group" {
  autoscaling_group_name = "old" #~ "new"
  elb                    = "same"
}

resource "aws_autoscaling_attachment" "classic" {
  autoscaling_group_name = "same"
  elb                    = "old" #~ "new"
}

resource "aws_autoscaling_attachment" "target_group" {
  autoscaling_group_name = "same"
  lb_target_group_arn    = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/a/1" #~ "arn:aws:elasticloadbalancing:eu-west-3:123456789012:targetgroup/b/2"
}

resource "aws_appautoscaling_target" "forced" {
  service_namespace  = "dynamodb"                         #~ "kinesis"
  resource_id        = "table/old"                        #~ "table/new"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits" #~ "dynamodb:table:WriteCapacityUnits"
  min_capacity       = 1                                  #~ 2
  max_capacity       = 3                                  #~ 4
}

resource "aws_appautoscaling_policy" "forced" {
  name               = "old"                              #~ "new"
  service_namespace  = "dynamodb"                         #~ "kinesis"
  resource_id        = "table/old"                        #~ "table/new"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits" #~ "dynamodb:table:WriteCapacityUnits"
  policy_type        = "TargetTrackingScaling"

  target_tracking_scaling_policy_configuration {
    target_value = 50 #~ 60

    predefined_metric_specification {
      predefined_metric_type = "DynamoDBReadCapacityUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "other_kind" {
  name               = "same"
  service_namespace  = "ecs"
  resource_id        = "service/a/b"
  scalable_dimension = "ecs:service:DesiredCount"
  policy_type        = "StepScaling" #~ "TargetTrackingScaling"

  #~&+ target_tracking_scaling_policy_configuration {;;target_value = 50;;predefined_metric_specification {;;predefined_metric_type = "ECSServiceAverageCPUUtilization";;};;}
}

resource "aws_launch_template" "forced" {
  name          = "old"      #~ "new"
  instance_type = "t3.micro" #~ "t3.small"
}

resource "aws_launch_template" "prefixed" {
  name_prefix            = "old-" #~ "new-"
  update_default_version = true   #~ false
}

resource "aws_launch_template" "updated" {
  name                   = "same"
  update_default_version = true       #~ false
  instance_type          = "t3.micro" #~ "t3.small"
}
