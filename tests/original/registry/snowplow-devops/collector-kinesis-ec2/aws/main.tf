variable "name" { type = string }
variable "vpc_id" { type = string }
variable "subnet_ids" { type = list(string) }
variable "ssh_key_name" { type = string }
variable "ssh_ip_allowlist" { type = list(any) }
variable "instance_type" { type = string }
variable "min_size" { type = number }
variable "max_size" { type = number }
variable "enable_auto_scaling" { type = bool }
variable "permissions_boundary" { type = string }
variable "telemetry_enabled" { type = bool }
variable "user_provided_id" { type = string }
variable "bad_stream_name" { type = string }

variable "tags" {
  type    = map(string)
  default = {}
}

variable "cloudwatch_logs_enabled" {
  type    = bool
  default = true
}

data "aws_region" "current" {}
data "aws_caller_identity" "current" {}

module "telemetry" {
  source  = "snowplow-devops/telemetry/snowplow"
  version = "0.5.0"

  count = var.telemetry_enabled ? 1 : 0

  user_provided_id = var.user_provided_id
  region           = data.aws_region.current.name
  module_name      = local.module_name
  module_version   = local.module_version
}

resource "aws_cloudwatch_log_group" "log_group" {
  count = var.cloudwatch_logs_enabled ? 1 : 0

  name              = local.cloudwatch_log_group_name
  retention_in_days = 7
  tags              = local.tags
}

resource "aws_iam_role" "iam_role" {
  name                 = var.name
  description          = "What ${var.name} may do"
  permissions_boundary = var.permissions_boundary
  tags                 = local.tags

  assume_role_policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Action": "sts:AssumeRole",
      "Principal": {
        "Service": "ec2.amazonaws.com"
      },
      "Effect": "Allow"
    }
  ]
}
EOF
}

resource "aws_iam_policy" "iam_policy" {
  name = var.name

  policy = jsonencode({
    Version = "2012-10-17",
    Statement = concat(
      local.own_statements,
      var.cloudwatch_logs_enabled ? [
        {
          Effect   = "Allow",
          Action   = ["logs:PutLogEvents", "logs:CreateLogStream", "logs:DescribeLogStreams"],
          Resource = ["${local.arn_logs}:${local.cloudwatch_log_group_name}:*"]
        }
      ] : []
    )
  })
}

resource "aws_iam_role_policy_attachment" "policy_attachment" {
  role       = aws_iam_role.iam_role.name
  policy_arn = aws_iam_policy.iam_policy.arn
}

resource "aws_iam_instance_profile" "instance_profile" {
  name = var.name
  role = aws_iam_role.iam_role.name
}

resource "aws_security_group" "sg" {
  name   = var.name
  vpc_id = var.vpc_id
  tags   = local.tags
}

resource "aws_security_group_rule" "ingress_tcp_22" {
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = var.ssh_ip_allowlist
  security_group_id = aws_security_group.sg.id
}

resource "aws_security_group_rule" "egress_tcp_80" {
  type              = "egress"
  from_port         = 80
  to_port           = 80
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.sg.id
}

resource "aws_security_group_rule" "egress_tcp_443" {
  type              = "egress"
  from_port         = 443
  to_port           = 443
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.sg.id
}

resource "aws_security_group_rule" "egress_udp_123" {
  type              = "egress"
  from_port         = 123
  to_port           = 123
  protocol          = "udp"
  cidr_blocks       = ["0.0.0.0/0"]
  security_group_id = aws_security_group.sg.id
}

module "service" {
  source  = "snowplow-devops/service-ec2/aws"
  version = "0.2.1"

  name                      = var.name
  instance_type             = var.instance_type
  ssh_key_name              = var.ssh_key_name
  iam_instance_profile_name = aws_iam_instance_profile.instance_profile.name
  security_groups           = [aws_security_group.sg.id]
  subnet_ids                = var.subnet_ids
  min_size                  = var.min_size
  max_size                  = var.max_size
  enable_auto_scaling       = var.enable_auto_scaling
  user_supplied_script      = local.user_data
  target_group_arns         = local.target_group_arns
  health_check_type         = local.health_check_type
  tags                      = local.tags
}

output "asg_id" { value = module.service.asg_id }
output "asg_name" { value = module.service.asg_name }
output "sg_id" { value = aws_security_group.sg.id }
