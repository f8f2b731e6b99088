provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_dynamodb_table" "leases" {
  name                        = "leases"
  hash_key                    = "leaseKey"
  read_capacity               = 1 #~ 5
  write_capacity              = 2 #~ 6
  deletion_protection_enabled = false #~ true
  table_class                 = "STANDARD" #~ "STANDARD_INFREQUENT_ACCESS"
  stream_enabled              = true
  stream_view_type            = "NEW_IMAGE" #~ "KEYS_ONLY" ; also stream_arn, stream_label

  attribute {
    name = "leaseKey"
    type = "S"
  }

  point_in_time_recovery {
    enabled                 = true
    recovery_period_in_days = 7 #~ 9
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = "arn:aws:kms:eu-west-3:123456789012:key/1" #~ "arn:aws:kms:eu-west-3:123456789012:key/2"
  }

  ttl {
    enabled        = true
    attribute_name = "until" #~ "end"
  }

  tags = {
    Name = "leases" #~ "renamed"
    #~+ Added = "by hand"
  }
}

# What can be switched.
resource "aws_dynamodb_table" "plain" {
  name           = "plain"
  hash_key       = "id"
  read_capacity  = 1
  write_capacity = 1
  stream_enabled = false #~ true ; also stream_arn, stream_label

  stream_view_type = "NEW_IMAGE"

  attribute {
    name = "id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = false #~ true ; also point_in_time_recovery.recovery_period_in_days
  }

  server_side_encryption {
    enabled = false #~ true ; also server_side_encryption.kms_key_arn
  }

  ttl {
    enabled        = false #~ true
    attribute_name = "until"
  }
}

resource "aws_dynamodb_table" "demand" {
  name           = "demand"
  hash_key       = "id"
  billing_mode   = "PROVISIONED" #~ "PAY_PER_REQUEST"
  read_capacity  = 1 #~& -
  write_capacity = 1 #~& -

  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_dynamodb_table" "limited" {
  name         = "limited"
  hash_key     = "id"
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
    name            = "by-time"
    hash_key        = "at"
    projection_type = "ALL"
    on_demand_throughput {
      max_read_request_units  = 20 #~ 30
      max_write_request_units = 40 #~ 50
    }
  }

  on_demand_throughput {
    max_read_request_units  = 20 #~ 30
    max_write_request_units = 40 #~ 50
  }
}

resource "aws_dynamodb_table" "indexed" {
  name           = "indexed"
  hash_key       = "id"
  range_key      = "at"
  read_capacity  = 1
  write_capacity = 1

  attribute {
    name = "id"
    type = "S"
  }

  attribute {
    name = "at"
    type = "N"
  }

  global_secondary_index {
    name               = "first" #~ "renamed"
    hash_key           = "at" #~ "id"
    range_key          = "id" #~ "at"
    projection_type    = "INCLUDE"
    non_key_attributes = ["a", "b"] #~ ["a", "c"]
    read_capacity      = 1 #~ 3
    write_capacity     = 2 #~ 4
  }

  global_secondary_index {
    name            = "second"
    hash_key        = "at"
    projection_type = "ALL" #~ "KEYS_ONLY"
    read_capacity   = 1
    write_capacity  = 1
  }
}

resource "aws_dynamodb_table_item" "config" {
  table_name = aws_dynamodb_table.plain.name
  hash_key   = "id"
  item       = "{\"id\":{\"S\":\"a\"},\"v\":{\"N\":\"1\"}}" #~ "{\"id\":{\"S\":\"a\"},\"v\":{\"N\":\"2\"}}"
}
