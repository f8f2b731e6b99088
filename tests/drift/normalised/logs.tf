provider "aws" {
  region = "eu-west-3"
}

resource "aws_cloudwatch_log_group" "kept" {
  name              = "kept"
  retention_in_days = 7
}

resource "aws_cloudwatch_log_group" "for_ever" {
  name              = "for_ever"
  retention_in_days = 0
}
