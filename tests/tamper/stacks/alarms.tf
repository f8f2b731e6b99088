provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "busy" {
  alarm_name                            = "busy"
  alarm_description                     = "too busy"                                   #~ "idle"
  actions_enabled                       = true                                         #~ false
  comparison_operator                   = "GreaterThanThreshold"                       #~ "LessThanThreshold"
  metric_name                           = "CPUUtilization"                             #~ "NetworkIn"
  namespace                             = "AWS/EC2"                                    #~ "Own"
  statistic                             = "Average"                                    #~ "Sum"
  period                                = 60                                           #~ 120
  evaluation_periods                    = 3                                            #~ 4
  datapoints_to_alarm                   = 2                                            #~ -
  threshold                             = 80.5                                         #~ 99
  unit                                  = "Percent"                                    #~ -
  treat_missing_data                    = "breaching"                                  #~ "ignore"
  evaluate_low_sample_count_percentiles = "ignore"                                     #~ "evaluate"
  dimensions                            = { InstanceId = "i-1" }                       #~ { InstanceId = "i-2" }
  alarm_actions                         = ["arn:aws:sns:eu-west-3:123456789012:alarm"] #~ []
  ok_actions                            = ["arn:aws:sns:eu-west-3:123456789012:ok"]    #~ ["arn:aws:sns:eu-west-3:123456789012:ok", "arn:aws:sns:eu-west-3:123456789012:more"]
  insufficient_data_actions             = ["arn:aws:automate:eu-west-3:ec2:reboot"]    #~ ["arn:aws:automate:eu-west-3:ec2:stop"]

  tags = {
    Name = "busy" #~ "lazy"
    #~+ Added = "by hand"
  }
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  alarm_name          = "slow"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  metric_name         = "TargetResponseTime"
  namespace           = "AWS/ApplicationELB"
  extended_statistic  = "p99" #~ "TM(10%:90%)"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0.25
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 2
  threshold           = 10

  metric_query {
    id          = "rate"
    expression  = "failed / all" #~ "all / failed"
    label       = "Error rate"   #~ "Rate"
    return_data = true
  }

  metric_query {
    id         = "all"
    account_id = "210987654321" #~ -

    metric {
      metric_name = "RequestCount"              #~ "Requests"
      namespace   = "AWS/ApplicationELB"        #~ "Own"
      period      = 120                         #~ 60
      stat        = "Sum"                       #~ "p90"
      unit        = "Count"                     #~ -
      dimensions  = { LoadBalancer = "app/web" } #~ { LoadBalancer = "app/web", Zone = "a" }
    }
  }

  metric_query {
    id          = "failed"
    return_data = false #~ true

    metric {
      metric_name = "HTTPCode_ELB_5XX_Count"
      namespace   = "AWS/ApplicationELB"
      period      = 120
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "table" {
  alarm_name          = "table"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 1

  metric_query {
    id          = "load" #~ "busy"
    expression  = "SELECT AVG(CPUUtilization) FROM \"AWS/EC2\""
    period      = 60     #~ 300
    return_data = true
  }
}

resource "aws_cloudwatch_metric_alarm" "odd" {
  alarm_name          = "odd"
  comparison_operator = "GreaterThanUpperThreshold"
  evaluation_periods  = 2
  threshold_metric_id = "band" #~ "other"

  metric_query {
    id          = "band"
    expression  = "ANOMALY_DETECTION_BAND(load)"
    return_data = true
  }

  metric_query {
    id          = "load"
    return_data = true

    metric {
      metric_name = "CPUUtilization"
      namespace   = "AWS/EC2"
      period      = 120
      stat        = "Average"
    }
  }
}
