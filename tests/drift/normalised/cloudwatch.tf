provider "aws" {
  region = "eu-west-3"
}

resource "aws_cloudwatch_metric_alarm" "this" {
  alarm_name          = "normal"
  comparison_operator = "GreaterThanThreshold"
  metric_name         = "CPUUtilization"
  namespace           = "AWS/EC2"
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 2
  threshold           = 80.1
  dimensions          = { InstanceId = "i-1", Zone = "a" }
  alarm_actions       = ["arn:aws:sns:eu-west-3:123456789012:a", "arn:aws:sns:eu-west-3:123456789012:b"]

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_cloudwatch_metric_alarm" "queries" {
  alarm_name          = "queries"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = 10

  metric_query {
    id          = "rate"
    expression  = "all / 2"
    return_data = true
  }

  metric_query {
    id = "all"

    metric {
      metric_name = "RequestCount"
      namespace   = "AWS/ApplicationELB"
      period      = 60
      stat        = "Sum"
    }
  }
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "normal"
  dashboard_body = jsonencode({ widgets = [{ type = "text", x = 0, y = 0, width = 3, height = 3, properties = { markdown = "hello" } }] })
}
