provider "aws" {
  region = "eu-west-3"
}

resource "aws_iam_role" "this" {
  name        = "Normal-Role"
  description = "A role"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "one"
        Effect    = "Allow"
        Action    = ["sts:AssumeRole"]
        Principal = { AWS = ["123456789012", "210987654321"] }
        Condition = { Bool = { "aws:MultiFactorAuthPresent" = true } }
      },
      {
        Sid       = "two"
        Effect    = "Allow"
        Action    = ["sts:AssumeRole", "sts:TagSession"]
        Principal = { Service = "ec2.amazonaws.com" }
      },
    ]
  })

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_iam_role" "single" {
  name = "single"

  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = "123456789012" } }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "inline"
  role = aws_iam_role.this.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = ["*"] }]
  })
}

resource "aws_iam_policy" "this" {
  name        = "normal"
  path        = "/"
  description = "A policy"

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "a", Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = ["*"] },
      { Sid = "b", Effect = "Deny", Action = "s3:DeleteObject", Resource = "*", Condition = { NumericLessThan = { "s3:max-keys" = ["10"] } } },
    ]
  })
}

resource "aws_iam_instance_profile" "this" {
  name = "normal"
  role = aws_iam_role.this.name
}

resource "aws_iam_role_policy_attachment" "this" {
  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this.arn
}

resource "aws_iam_openid_connect_provider" "this" {
  url             = "https://token.normal.example"
  client_id_list  = ["one", "two"]
  thumbprint_list = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
}
