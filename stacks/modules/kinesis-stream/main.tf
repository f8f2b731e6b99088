resource "aws_kinesis_stream" "this" {
  name = var.name

  # AWS refuses a shard count for a stream that scales itself.
  shard_count      = var.mode == "PROVISIONED" ? var.shard_count : null
  retention_period = var.retention_hours

  encryption_type = "KMS"
  kms_key_id      = var.kms_key_id

  # A registered fan-out consumer would otherwise keep the stream from being deleted.
  enforce_consumer_deletion = true

  # Shard-level metrics are charged per shard and metric; the stream-level ones are free.
  shard_level_metrics = []

  stream_mode_details {
    stream_mode = var.mode
  }

  tags = merge(var.tags, { Name = var.name })
}
