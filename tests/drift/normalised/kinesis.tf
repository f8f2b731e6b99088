provider "aws" {
  region = "eu-west-3"
}

resource "aws_kinesis_stream" "this" {
  name                = "normal"
  shard_count         = 2
  shard_level_metrics = ["IncomingBytes", "OutgoingBytes"]

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_kinesis_stream" "demand" {
  name = "demand"

  stream_mode_details {
    stream_mode = "ON_DEMAND"
  }
}

resource "aws_kinesis_stream" "encrypted" {
  name            = "encrypted"
  shard_count     = 1
  encryption_type = "KMS"
  kms_key_id      = "alias/aws/kinesis"
}
