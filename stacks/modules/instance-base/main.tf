# What every service of the pipeline needs around its instances: tags, telemetry, a place for logs, a
# role, and a security group that lets people in by SSH and the instances out to the AWS APIs and to
# time servers.

data "aws_caller_identity" "current" {}

data "aws_region" "current" {}

locals {
  tags = merge(var.tags, {
    Name           = var.name
    app_name       = var.app_name
    app_version    = var.app_version
    module_name    = var.module_name
    module_version = var.module_version
  })

  log_group_name = "/aws/ec2/${var.name}"
  log_group_arn  = "arn:aws:logs:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:log-group:${local.log_group_name}"

  write_logs = [{
    Effect   = "Allow"
    Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    Resource = ["${local.log_group_arn}:*"]
  }]

  pull_images = [{
    Effect   = "Allow"
    Action   = ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    Resource = ["*"]
  }]
}

# Telemetry

module "telemetry" {
  source = "../telemetry"
  count  = var.telemetry.enabled ? 1 : 0

  user_provided_id = var.telemetry.user_provided_id
  region           = data.aws_region.current.name
  module_name      = var.module_name
  module_version   = var.module_version
  app_name         = var.app_name
  app_version      = var.app_version
}

# Logs

resource "aws_cloudwatch_log_group" "this" {
  name              = local.log_group_name
  retention_in_days = var.log_retention_days
  tags              = local.tags
}

# Permissions

resource "aws_iam_role" "this" {
  name                 = var.name
  description          = var.role_description
  permissions_boundary = var.iam_permissions_boundary
  tags                 = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = ["sts:AssumeRole"]
      Principal = { Service = ["ec2.amazonaws.com"] }
    }]
  })
}

resource "aws_iam_policy" "this" {
  name = var.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [for statement in var.statements : {
        Effect   = "Allow"
        Action   = statement.actions
        Resource = statement.resources
      }],
      local.write_logs,
      var.private_images ? local.pull_images : [],
    )
  })
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this.arn
}

resource "aws_iam_instance_profile" "this" {
  name = var.name
  role = aws_iam_role.this.name
}

# Network

resource "aws_security_group" "this" {
  name   = var.name
  vpc_id = var.vpc_id
  tags   = local.tags
}

resource "aws_security_group_rule" "ingress_ssh" {
  # AWS refuses a rule that names nobody: an empty list means no SSH at all.
  count = length(var.ssh_ip_allowlist) > 0 ? 1 : 0

  security_group_id = aws_security_group.this.id
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_blocks       = var.ssh_ip_allowlist
}

resource "aws_security_group_rule" "egress_http" {
  security_group_id = aws_security_group.this.id
  type              = "egress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group_rule" "egress_https" {
  security_group_id = aws_security_group.this.id
  type              = "egress"
  protocol          = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_blocks       = ["0.0.0.0/0"]
}

# Requests to AWS are signed with the time: a clock that runs wrong locks the instance out.
resource "aws_security_group_rule" "egress_ntp" {
  security_group_id = aws_security_group.this.id
  type              = "egress"
  protocol          = "udp"
  from_port         = 123
  to_port           = 123
  cidr_blocks       = ["0.0.0.0/0"]
}

resource "aws_security_group_rule" "egress_more" {
  for_each = toset([for port in var.more_egress_ports : tostring(port)])

  security_group_id = aws_security_group.this.id
  type              = "egress"
  protocol          = "tcp"
  from_port         = each.value
  to_port           = each.value
  cidr_blocks       = ["0.0.0.0/0"]
}
