# What other resources configure of the buckets of buckets.tf.

resource "aws_s3_bucket_cors_configuration" "states" {
  bucket = aws_s3_bucket.states.id

  cors_rule {
    allowed_headers = ["*"]
    allowed_methods = ["PUT", "POST"]
    allowed_origins = ["https://a.example"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3000
  }

  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["*"]
  }
}

resource "aws_s3_bucket_website_configuration" "states" {
  bucket = aws_s3_bucket.states.id

  index_document {
    suffix = "index.html"
  }

  error_document {
    key = "error.html"
  }

  routing_rule {
    condition {
      key_prefix_equals = "docs/"
    }
    redirect {
      replace_key_prefix_with = "documents/"
    }
  }
}

resource "aws_s3_bucket_website_configuration" "plain" {
  bucket = aws_s3_bucket.plain.id

  redirect_all_requests_to {
    host_name = "x.example"
    protocol  = "https"
  }
}

resource "aws_s3_bucket_acl" "plain" {
  bucket = aws_s3_bucket.plain.id
  acl    = "log-delivery-write"
}

resource "aws_s3_bucket_logging" "states" {
  bucket        = aws_s3_bucket.states.id
  target_bucket = aws_s3_bucket.plain.id
  target_prefix = "log/"

  depends_on = [aws_s3_bucket_acl.plain]
}

resource "aws_s3_bucket_policy" "states" {
  bucket = aws_s3_bucket.states.id

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Deny", Principal = "*", Action = ["s3:*"], Resource = [aws_s3_bucket.states.arn] }]
  })

  depends_on = [aws_s3_bucket_logging.states]
}

resource "aws_s3_bucket_accelerate_configuration" "states" {
  bucket = aws_s3_bucket.states.id
  status = "Enabled"
}

resource "aws_s3_bucket_request_payment_configuration" "states" {
  bucket = aws_s3_bucket.states.id
  payer  = "Requester"
}

resource "aws_s3_bucket_object_lock_configuration" "named" {
  bucket = aws_s3_bucket.named.id

  rule {
    default_retention {
      mode = "GOVERNANCE"
      days = 5
    }
  }
}

resource "aws_s3_bucket_replication_configuration" "named" {
  bucket = aws_s3_bucket.named.id
  role   = "arn:aws:iam::111111111111:role/copier"

  rule {
    id     = "copy"
    status = "Enabled"

    filter {
      prefix = "x"
    }

    delete_marker_replication {
      status = "Enabled"
    }

    destination {
      bucket        = aws_s3_bucket.states.arn
      storage_class = "STANDARD"
    }
  }

  depends_on = [aws_s3_bucket_versioning.states]
}
