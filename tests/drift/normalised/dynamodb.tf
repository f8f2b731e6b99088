provider "aws" {
  region = "eu-west-3"
}

resource "aws_dynamodb_table" "provisioned" {
  name           = "provisioned"
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
    name               = "first"
    hash_key           = "at"
    projection_type    = "INCLUDE"
    non_key_attributes = ["a", "b"]
    read_capacity      = 1
    write_capacity     = 1
  }

  global_secondary_index {
    name            = "second"
    hash_key        = "at"
    range_key       = "id"
    projection_type = "ALL"
    read_capacity   = 1
    write_capacity  = 1
  }

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_dynamodb_table" "demand" {
  name         = "demand"
  hash_key     = "id"
  billing_mode = "PAY_PER_REQUEST"

  attribute {
    name = "id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  ttl {
    enabled        = true
    attribute_name = "until"
  }
}

resource "aws_dynamodb_table_item" "this" {
  table_name = aws_dynamodb_table.demand.name
  hash_key   = "id"
  item       = jsonencode({ id = { S = "a" }, number = { N = "1.50" }, set = { SS = ["x", "y"] } })
}
