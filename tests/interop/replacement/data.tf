# Tables, streams, logs, alarms and values: what another value of each argument means.

resource "aws_dynamodb_table" "forced" {
  name           = "old" #~ "new"
  hash_key       = "id"  #~ "key"
  range_key      = "at"  #~ "since"
  read_capacity  = 1     #~ 2
  write_capacity = 1     #~ 2

  attribute {
    name = "id" #~ "key"
    type = "S"  #~ "B"
  }

  attribute {
    name = "at" #~ "since"
    type = "N"
  }

  attribute {
    name = "other" #~ "another"
    type = "S"
  }

  local_secondary_index {
    name               = "old"     #~ "new"
    range_key          = "other"   #~ "another"
    projection_type    = "INCLUDE" #~ "ALL"
    non_key_attributes = ["old"]     #~ -
  }
}

resource "aws_dynamodb_table" "no_range" {
  name         = "same"
  hash_key     = "id"
  range_key    = "at" #~ -
  billing_mode = "PAY_PER_REQUEST"

  attribute {
    name = "id"
    type = "S"
  }

  attribute {
    name = "at"
    type = "N"
  }

  global_secondary_index {
    name            = "index"
    hash_key        = "at"
    projection_type = "ALL" #~ "KEYS_ONLY"
  }
}

resource "aws_dynamodb_table" "billed" {
  name           = "same"
  hash_key       = "id"
  billing_mode   = "PROVISIONED" #~ "PAY_PER_REQUEST"
  read_capacity  = 1             #~ 0
  write_capacity = 1             #~ 0

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_table_item" "forced" {
  table_name = "old" #~ "new"
  hash_key   = "id"  #~ "key"
  range_key  = "at"  #~ "since"
  item       = jsonencode({ id = { S = "a" }, key = { S = "a" }, at = { N = "1" }, since = { N = "1" } })
}

resource "aws_dynamodb_table_item" "other_key" {
  table_name = "same"
  hash_key   = "id"
  item       = jsonencode({ id = { S = "a" } }) #~ jsonencode({ id = { S = "b" } })
}

resource "aws_kinesis_stream" "forced" {
  name                      = "old" #~ "new"
  shard_count               = 1     #~ 2
  enforce_consumer_deletion = true  #~ false
}

resource "aws_kinesis_stream" "updated" {
  name                      = "same"
  shard_count               = 1
  enforce_consumer_deletion = true #~ false
  arn                       = "arn:aws:kinesis:eu-west-3:123456789012:stream/old" #~ "arn:aws:kinesis:eu-west-3:123456789012:stream/new"
}

resource "aws_cloudwatch_log_group" "forced" {
  name              = "old"      #~ "new"
  log_group_class   = "STANDARD" #~ "INFREQUENT_ACCESS"
  skip_destroy      = true       #~ false
  retention_in_days = 7          #~ 14
}

resource "aws_cloudwatch_log_group" "prefixed" {
  name_prefix = "old-" #~ "new-"
}

resource "aws_cloudwatch_log_group" "updated" {
  name         = "same"
  skip_destroy = true #~ false
}

resource "aws_cloudwatch_metric_alarm" "forced" {
  alarm_name          = "old" #~ "new"
  comparison_operator = "GreaterThanThreshold" #~ "LessThanThreshold"
  evaluation_periods  = 1     #~ 2
  metric_name         = "CPUUtilization"
  namespace           = "AWS/EC2"
  period              = 60
  statistic           = "Average"
}

resource "aws_cloudwatch_dashboard" "forced" {
  dashboard_name = "old" #~ "new"
  dashboard_body = "{\"widgets\":[]}"
}

resource "terraform_data" "forced" {
  input            = "old" #~ "new"
  triggers_replace = "old" #~ "new"
}

resource "terraform_data" "no_trigger" {
  triggers_replace = "old" #~ -
}

resource "terraform_data" "updated" {
  input = "old" #~ "new"
}
