variable "vpc_id" { type = string }
variable "public_subnet_ids" { type = list(string) }
variable "third_subnet_id" { type = string }

# Templates named "workers" and "others", of two versions each.
variable "workers_id" { type = string }
variable "others_id" { type = string }

provider "aws" {
  region = "eu-west-3"
}

resource "aws_lb_target_group" "a" {
  name     = "a"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_lb_target_group" "b" {
  name     = "b"
  port     = 80
  protocol = "HTTP"
  vpc_id   = var.vpc_id
}

resource "aws_autoscaling_group" "plain" {
  name                      = "plain"
  wait_for_capacity_timeout = "0"
  max_size                  = 4                              #~ 5
  min_size                  = 1                              #~ 0
  desired_capacity          = 2                              #~ 3
  vpc_zone_identifier       = [var.public_subnet_ids[0]]     #~ [var.public_subnet_ids[0], var.third_subnet_id]; also availability_zones
  capacity_rebalance        = true                           #~ false
  context                   = "blue"                         #~ "green"
  default_cooldown          = 60                             #~ 90
  default_instance_warmup   = 30                             #~ -
  desired_capacity_type     = "units"                        #~ "vcpu"
  enabled_metrics           = ["GroupMinSize"]               #~ ["GroupMaxSize"]
  health_check_grace_period = 120                            #~ 0
  health_check_type         = "ELB"                          #~ "EC2"
  max_instance_lifetime     = 86400                          #~ -
  placement_group           = "near"                         #~ "far"
  protect_from_scale_in     = true                           #~ false
  suspended_processes       = ["AZRebalance"]                #~ ["ScheduledActions"]
  service_linked_role_arn   = "arn:aws:iam::123456789012:role/a" #~ "arn:aws:iam::123456789012:role/b"
  target_group_arns         = [aws_lb_target_group.a.arn]    #~ [aws_lb_target_group.b.arn]; also traffic_source
  termination_policies      = ["OldestInstance", "Default"]  #~ ["Default", "OldestInstance"]

  availability_zone_distribution {
    capacity_distribution_strategy = "balanced-only" #~ "balanced-best-effort"
  }

  capacity_reservation_specification {
    capacity_reservation_preference = "capacity-reservations-first" #~ "capacity-reservations-only"

    capacity_reservation_target {
      capacity_reservation_ids = ["cr-1"] #~ ["cr-2"]
    }
  }

  instance_maintenance_policy {
    min_healthy_percentage = 90  #~ 80
    max_healthy_percentage = 120 #~ 130
  }

  launch_template {
    id      = var.workers_id #~ var.others_id; also launch_template.name
    version = "1"            #~ "2"
  }

  instance_refresh {
    strategy = "Rolling"
  }

  tag {
    key                 = "Name"   #~ "Title"; also tag
    value               = "worker" #~ "keeper"; also tag
    propagate_at_launch = true     #~ false; also tag
  }

  warm_pool {
    max_group_prepared_capacity = 4         #~ 5
    min_size                    = 1         #~ 0
    pool_state                  = "Running" #~ "Stopped"

    instance_reuse_policy {
      reuse_on_scale_in = true #~ false
    }
  }
}

resource "aws_autoscaling_group" "zones" {
  name               = "zones"
  max_size           = 1
  min_size           = 0
  availability_zones = ["eu-west-3a"] #~ ["eu-west-3b"]; also vpc_zone_identifier
  load_balancers     = ["classic"]    #~ ["modern"]; also traffic_source

  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_resource_group_arns = ["arn:aws:resource-groups:eu-west-3:123456789012:group/a"] #~ ["arn:aws:resource-groups:eu-west-3:123456789012:group/b"]
    }
  }

  launch_template {
    name    = "workers" #~ "others"; also launch_template.id
    version = "1"
  }
}

resource "aws_autoscaling_group" "configured" {
  name                 = "configured"
  max_size             = 1
  min_size             = 0
  vpc_zone_identifier  = var.public_subnet_ids
  launch_configuration = "old" #~ "new"

  traffic_source {
    identifier = "arn:aws:vpc-lattice:eu-west-3:123456789012:targetgroup/tg-1" #~ "arn:aws:vpc-lattice:eu-west-3:123456789012:targetgroup/tg-2"; also traffic_source, load_balancers, target_group_arns
    type       = "vpc-lattice"
  }
}

resource "aws_autoscaling_group" "mixed" {
  name                = "mixed"
  max_size            = 1
  min_size            = 0
  vpc_zone_identifier = var.public_subnet_ids

  mixed_instances_policy {
    instances_distribution {
      on_demand_allocation_strategy            = "lowest-price" #~ "prioritized"
      on_demand_base_capacity                  = 1              #~ 2
      on_demand_percentage_above_base_capacity = 50             #~ 60
      spot_allocation_strategy                 = "lowest-price" #~ "capacity-optimized"; also mixed_instances_policy.instances_distribution.spot_instance_pools
      spot_instance_pools                      = 3              #~ 4
      spot_max_price                           = "0.05"         #~ -
    }

    launch_template {
      launch_template_specification {
        launch_template_id = var.workers_id #~ var.others_id; also mixed_instances_policy.launch_template.launch_template_specification.launch_template_name
        version            = "1"            #~ "2"
      }

      override {
        instance_type     = "t3.small" #~ "t3.large"
        weighted_capacity = "1"        #~ "2"

        launch_template_specification {
          launch_template_name = "workers" #~ "others"; also mixed_instances_policy.launch_template.override.launch_template_specification.launch_template_id
          version              = "1"       #~ "2"
        }
      }
    }
  }
}

resource "aws_autoscaling_group" "required" {
  name                = "required"
  max_size            = 1
  min_size            = 0
  vpc_zone_identifier = var.public_subnet_ids

  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_name = "workers" #~ "others"; also mixed_instances_policy.launch_template.launch_template_specification.launch_template_id
        version              = "1"
      }

      override {
        launch_template_specification {
          launch_template_id = var.workers_id #~ var.others_id; also mixed_instances_policy.launch_template.override.launch_template_specification.launch_template_name
          version            = "1"
        }

        instance_requirements {
          accelerator_manufacturers                        = ["nvidia"]       #~ ["amd"]
          accelerator_names                                = ["t4"]           #~ ["v100"]
          accelerator_types                                = ["gpu"]          #~ ["fpga"]
          bare_metal                                       = "excluded"       #~ "included"
          burstable_performance                            = "included"       #~ "excluded"
          cpu_manufacturers                                = ["intel", "amd"] #~ ["intel"]
          excluded_instance_types                          = ["m1.*"]         #~ ["m2.*"]
          instance_generations                             = ["current"]      #~ ["previous"]
          local_storage                                    = "required"       #~ "included"
          local_storage_types                              = ["ssd"]          #~ ["hdd"]
          on_demand_max_price_percentage_over_lowest_price = 20               #~ 30
          require_hibernate_support                        = true             #~ false
          spot_max_price_percentage_over_lowest_price      = 90               #~ 80

          memory_mib {
            min = 1024
          }

          vcpu_count {
            min = 1
          }
        }
      }
    }
  }
}

resource "aws_autoscaling_group" "sized" {
  name                = "sized"
  max_size            = 1
  min_size            = 0
  vpc_zone_identifier = var.public_subnet_ids

  mixed_instances_policy {
    launch_template {
      launch_template_specification {
        launch_template_name = "workers"
        version              = "1"
      }

      override {
        instance_requirements {
          allowed_instance_types                                  = ["m5.*"] #~ ["m6.*"]
          max_spot_price_as_percentage_of_optimal_on_demand_price = 50       #~ 60

          accelerator_count {
            min = 1 #~ 2
            max = 4 #~ 5
          }

          accelerator_total_memory_mib {
            min = 100 #~ 200
            max = 400 #~ 500
          }

          baseline_ebs_bandwidth_mbps {
            min = 100 #~ 200
            max = 400 #~ 500
          }

          memory_gib_per_vcpu {
            min = 0.5 #~ 1.5
            max = 8   #~ 9
          }

          memory_mib {
            min = 1024 #~ 2048
            max = 4096 #~ 8192
          }

          network_bandwidth_gbps {
            min = 0.5 #~ 1.5
            max = 8   #~ 9
          }

          network_interface_count {
            min = 1 #~ 2
            max = 4 #~ 5
          }

          total_local_storage_gb {
            min = 0.5 #~ 1.5
            max = 8   #~ 9
          }

          vcpu_count {
            min = 1 #~ 2
            max = 4 #~ 5
          }
        }
      }
    }
  }
}

resource "aws_autoscaling_policy" "simple" {
  name                     = "simple"
  autoscaling_group_name   = aws_autoscaling_group.plain.name
  adjustment_type          = "PercentChangeInCapacity" #~ "ExactCapacity"
  scaling_adjustment       = 10                        #~ 20
  cooldown                 = 60                        #~ 90
  enabled                  = true                      #~ false
  min_adjustment_magnitude = 1                         #~ 2
}

resource "aws_autoscaling_policy" "steps" {
  name                      = "steps"
  autoscaling_group_name    = aws_autoscaling_group.plain.name
  policy_type               = "StepScaling"
  adjustment_type           = "ChangeInCapacity"
  estimated_instance_warmup = 60        #~ 90
  metric_aggregation_type   = "Maximum" #~ "Minimum"

  step_adjustment {
    scaling_adjustment          = 1   #~ 2; also step_adjustment
    metric_interval_lower_bound = 0   #~ 1; also step_adjustment
    metric_interval_upper_bound = 5.5 #~ 6.5; also step_adjustment
  }
}

resource "aws_autoscaling_policy" "kind" {
  name                    = "kind"
  autoscaling_group_name  = aws_autoscaling_group.plain.name
  policy_type             = "SimpleScaling" #~ "StepScaling"
  adjustment_type         = "ChangeInCapacity"
  scaling_adjustment      = 1 #~& -
  #~&+ step_adjustment {;; scaling_adjustment = 1;; metric_interval_lower_bound = 0;; }; also step_adjustment, metric_aggregation_type
}

resource "aws_autoscaling_policy" "predefined" {
  name                      = "predefined"
  autoscaling_group_name    = aws_autoscaling_group.plain.name
  policy_type               = "TargetTrackingScaling"

  target_tracking_configuration {
    disable_scale_in = true #~ false
    target_value     = 50.5 #~ 60

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"                 #~ "ASGAverageCPUUtilization"
      resource_label         = "app/a/0123456789abcdef/targetgroup/a/0123456789abcdef" #~ "app/b/0123456789abcdef/targetgroup/b/0123456789abcdef"
    }
  }
}

resource "aws_autoscaling_policy" "metric" {
  name                   = "metric"
  autoscaling_group_name = aws_autoscaling_group.plain.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 5

    customized_metric_specification {
      metric_name = "Depth"   #~ "Height"
      namespace   = "Ours"    #~ "Theirs"
      period      = 60        #~ 30
      statistic   = "Average" #~ "Sum"
      unit        = "Count"   #~ "Bytes"

      metric_dimension {
        name  = "a" #~ "b"
        value = "1" #~ "2"
      }
    }
  }
}

resource "aws_autoscaling_policy" "math" {
  name                   = "math"
  autoscaling_group_name = aws_autoscaling_group.plain.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 5

    customized_metric_specification {
      metrics {
        id          = "ratio"        #~ "part"; also target_tracking_configuration.customized_metric_specification.metrics
        expression  = "depth / 2"    #~ "depth / 3"; also target_tracking_configuration.customized_metric_specification.metrics
        label       = "Half"         #~ "Third"; also target_tracking_configuration.customized_metric_specification.metrics
      }

      metrics {
        id          = "depth"
        return_data = false #~ true; also target_tracking_configuration.customized_metric_specification.metrics

        metric_stat {
          period = 60        #~ 30; also target_tracking_configuration.customized_metric_specification.metrics
          stat   = "Sum"     #~ "Maximum"; also target_tracking_configuration.customized_metric_specification.metrics
          unit   = "Count"   #~ "Bytes"; also target_tracking_configuration.customized_metric_specification.metrics

          metric {
            metric_name = "Depth" #~ "Height"; also target_tracking_configuration.customized_metric_specification.metrics
            namespace   = "Ours"  #~ "Theirs"; also target_tracking_configuration.customized_metric_specification.metrics

            dimensions {
              name  = "a" #~ "b"; also target_tracking_configuration.customized_metric_specification.metrics
              value = "1" #~ "2"; also target_tracking_configuration.customized_metric_specification.metrics
            }
          }
        }
      }
    }
  }
}

resource "aws_autoscaling_policy" "forecast" {
  name                   = "forecast"
  autoscaling_group_name = aws_autoscaling_group.plain.name
  policy_type            = "PredictiveScaling"

  predictive_scaling_configuration {
    max_capacity_breach_behavior = "IncreaseMaxCapacity" #~ "HonorMaxCapacity"
    max_capacity_buffer          = 10                    #~ 20
    mode                         = "ForecastAndScale"    #~ "ForecastOnly"
    scheduling_buffer_time       = 60                    #~ 30

    metric_specification {
      target_value = 5.5 #~ 6

      predefined_metric_pair_specification {
        predefined_metric_type = "ALBRequestCount" #~ "ASGCPUUtilization"
        resource_label         = "app/a/0123456789abcdef/targetgroup/a/0123456789abcdef" #~ "app/b/0123456789abcdef/targetgroup/b/0123456789abcdef"
      }
    }
  }
}

resource "aws_autoscaling_policy" "forecast_of_two" {
  name                   = "forecast_of_two"
  autoscaling_group_name = aws_autoscaling_group.plain.name
  policy_type            = "PredictiveScaling"

  predictive_scaling_configuration {
    metric_specification {
      target_value = 5

      predefined_load_metric_specification {
        predefined_metric_type = "ALBTargetGroupRequestCount" #~ "ASGTotalCPUUtilization"
        resource_label         = "app/a/0123456789abcdef/targetgroup/a/0123456789abcdef" #~ "app/b/0123456789abcdef/targetgroup/b/0123456789abcdef"
      }

      predefined_scaling_metric_specification {
        predefined_metric_type = "ALBRequestCountPerTarget" #~ "ASGAverageCPUUtilization"
        resource_label         = "app/a/0123456789abcdef/targetgroup/a/0123456789abcdef" #~ "app/b/0123456789abcdef/targetgroup/b/0123456789abcdef"
      }
    }
  }
}

resource "aws_autoscaling_policy" "forecast_of_metrics" {
  name                   = "forecast_of_metrics"
  autoscaling_group_name = aws_autoscaling_group.plain.name
  policy_type            = "PredictiveScaling"

  predictive_scaling_configuration {
    metric_specification {
      target_value = 5

      customized_capacity_metric_specification {
        metric_data_queries {
          id          = "a" #~ "b"
          label       = "A" #~ "B"
          return_data = false #~ true

          metric_stat {
            stat = "Sum"   #~ "Maximum"
            unit = "Count" #~ "Bytes"

            metric {
              metric_name = "Depth" #~ "Height"
              namespace   = "Ours"  #~ "Theirs"

              dimensions {
                name  = "a" #~ "b"; also predictive_scaling_configuration.metric_specification.customized_capacity_metric_specification.metric_data_queries.metric_stat.metric.dimensions
                value = "1" #~ "2"; also predictive_scaling_configuration.metric_specification.customized_capacity_metric_specification.metric_data_queries.metric_stat.metric.dimensions
              }
            }
          }
        }

        metric_data_queries {
          id         = "whole"
          expression = "a * 2" #~ "a * 3"
        }
      }

      customized_load_metric_specification {
        metric_data_queries {
          id          = "a" #~ "b"
          label       = "A" #~ "B"
          return_data = false #~ true

          metric_stat {
            stat = "Sum"   #~ "Maximum"
            unit = "Count" #~ "Bytes"

            metric {
              metric_name = "Depth" #~ "Height"
              namespace   = "Ours"  #~ "Theirs"

              dimensions {
                name  = "a" #~ "b"; also predictive_scaling_configuration.metric_specification.customized_load_metric_specification.metric_data_queries.metric_stat.metric.dimensions
                value = "1" #~ "2"; also predictive_scaling_configuration.metric_specification.customized_load_metric_specification.metric_data_queries.metric_stat.metric.dimensions
              }
            }
          }
        }

        metric_data_queries {
          id         = "whole"
          expression = "a * 2" #~ "a * 3"
        }
      }

      customized_scaling_metric_specification {
        metric_data_queries {
          id          = "a" #~ "b"
          label       = "A" #~ "B"
          return_data = false #~ true

          metric_stat {
            stat = "Sum"   #~ "Maximum"
            unit = "Count" #~ "Bytes"

            metric {
              metric_name = "Depth" #~ "Height"
              namespace   = "Ours"  #~ "Theirs"

              dimensions {
                name  = "a" #~ "b"; also predictive_scaling_configuration.metric_specification.customized_scaling_metric_specification.metric_data_queries.metric_stat.metric.dimensions
                value = "1" #~ "2"; also predictive_scaling_configuration.metric_specification.customized_scaling_metric_specification.metric_data_queries.metric_stat.metric.dimensions
              }
            }
          }
        }

        metric_data_queries {
          id         = "whole"
          expression = "a * 2" #~ "a * 3"
        }
      }
    }
  }
}
