terraform {
  required_version = ">= 1.0.0"
}

variable "collector_lb_sg_id" { type = string }
variable "collector_lb_tg_id" { type = string }
variable "ingress_port" { type = number }
variable "good_stream_name" { type = string }

variable "custom_paths" {
  type    = map(string)
  default = {}
}

variable "sqs_buffers" {
  type    = list(string)
  default = ["", ""]
}

locals {
  module_name    = "collector-kinesis-ec2"
  module_version = "0.9.1"

  tags                      = merge(var.tags, { Name = var.name, app_name = local.module_name })
  cloudwatch_log_group_name = "/aws/ec2/${var.name}"
  arn_logs                  = "arn:aws:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group"
  arn_streams               = "arn:aws:kinesis:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:stream"

  buffers = formatlist(
    "arn:aws:sqs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:%s",
    compact(tolist(var.sqs_buffers))
  )

  own_statements = concat(
    [
      {
        Effect   = "Allow",
        Action   = ["kinesis:DescribeStreamSummary", "kinesis:List*", "kinesis:Put*"],
        Resource = [for name in [var.good_stream_name, var.bad_stream_name] : "${local.arn_streams}/${name}"]
      }
    ],
    length(local.buffers) > 0 ? [
      {
        Effect   = "Allow",
        Action   = ["sqs:SendMessage"],
        Resource = local.buffers
      }
    ] : []
  )

  target_group_arns = [var.collector_lb_tg_id]
  health_check_type = "ELB"

  config = templatefile("${path.module}/templates/config.hocon.tmpl", {
    port         = var.ingress_port
    paths        = var.custom_paths
    good_stream  = var.good_stream_name
    bad_stream   = var.bad_stream_name
    region       = data.aws_region.current.name
    telemetry_id = join("", module.telemetry.*.auto_generated_id)
  })

  user_data = templatefile("${path.module}/templates/user-data.sh.tmpl", {
    config_b64    = base64encode(local.config)
    log_group     = join("", aws_cloudwatch_log_group.log_group.*.name)
    collector_uri = join("", module.telemetry.*.collector_uri)
  })
}

resource "aws_security_group_rule" "ingress_tcp_webserver" {
  type                     = "ingress"
  from_port                = var.ingress_port
  to_port                  = var.ingress_port
  protocol                 = "tcp"
  source_security_group_id = var.collector_lb_sg_id
  security_group_id        = aws_security_group.sg.id
}

resource "aws_security_group_rule" "lb_egress_tcp_webserver" {
  type                     = "egress"
  from_port                = var.ingress_port
  to_port                  = var.ingress_port
  protocol                 = "tcp"
  source_security_group_id = aws_security_group.sg.id
  security_group_id        = var.collector_lb_sg_id
}
