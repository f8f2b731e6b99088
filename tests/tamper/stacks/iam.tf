provider "aws" {
  region = "eu-west-3"
}

locals {
  trust = { for service in ["ec2", "lambda"] : service => jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "${service}.amazonaws.com" } }] }) }
  allow = { for action in ["Get", "Put"] : action => jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:${action}Object", Resource = "*" }] }) }
}

resource "aws_iam_policy" "a" {
  name   = "a"
  policy = local.allow["Get"] #~ local.allow["Put"]

  tags = {
    Name = "a" #~ "b"
  }
}

resource "aws_iam_policy" "b" {
  name   = "b"
  policy = local.allow["Get"]
}

resource "aws_iam_role" "server" {
  name                 = "server"
  assume_role_policy   = local.trust["ec2"]           #~ local.trust["lambda"]
  description          = "A server"                   #~ "Another server"
  max_session_duration = 7200                         #~ 3600
  permissions_boundary = aws_iam_policy.a.arn         #~ aws_iam_policy.b.arn

  tags = {
    Name = "server" #~ -
    #~+ Added = "by hand"
  }
}

resource "aws_iam_role" "whole" {
  name                = "whole"
  assume_role_policy  = local.trust["ec2"]
  managed_policy_arns = [aws_iam_policy.a.arn] #~ [aws_iam_policy.a.arn, aws_iam_policy.b.arn]

  inline_policy {
    name   = "inline"             #~ "outline"
    policy = local.allow["Get"]   #~ local.allow["Put"]
  }
}

resource "aws_iam_role_policy" "own" {
  name   = "own"
  role   = aws_iam_role.server.id
  policy = local.allow["Get"] #~ local.allow["Put"]
}

resource "aws_iam_role_policy_attachment" "b" {
  role       = aws_iam_role.server.name
  policy_arn = aws_iam_policy.b.arn
}

resource "aws_iam_instance_profile" "server" {
  name = "server"
  role = aws_iam_role.server.name #~ aws_iam_role.whole.name

  tags = {
    Name = "server" #~ "client"
  }
}

resource "aws_iam_openid_connect_provider" "ci" {
  url             = "https://token.ci.example"
  client_id_list  = ["sts.amazonaws.com"]                           #~ ["sts.amazonaws.com", "other"]
  thumbprint_list = ["1111111111111111111111111111111111111111"]    #~ ["2222222222222222222222222222222222222222"]

  tags = {
    Name = "ci" #~ "cd"
  }
}
