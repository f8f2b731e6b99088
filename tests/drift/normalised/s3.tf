provider "aws" {
  region = "us-east-1"
}

resource "aws_s3_bucket" "this" {
  bucket = "normalised-answers"

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "a", Effect = "Deny", Principal = "*", Action = ["s3:PutObject", "s3:DeleteObject"], Resource = "${aws_s3_bucket.this.arn}/*" },
      { Sid = "b", Effect = "Allow", Principal = { AWS = ["123456789012"] }, Action = "s3:GetObject", Resource = ["${aws_s3_bucket.this.arn}/*"] },
    ]
  })
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    status = "Disabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket            = aws_s3_bucket.this.id
  block_public_acls = true
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    id     = "first"
    status = "Enabled"

    filter {}

    expiration {
      days = 30
    }
  }

  rule {
    id     = "second"
    status = "Enabled"

    filter {
      prefix = "logs/"
    }

    expiration {
      date = "2031-01-01T00:00:00Z"
    }
  }

  rule {
    id     = "third"
    status = "Enabled"

    filter {
      and {
        prefix = "tmp/"
        tags   = { a = "b", c = "d" }
      }
    }

    transition {
      days          = 30
      storage_class = "STANDARD_IA"
    }

    transition {
      days          = 90
      storage_class = "GLACIER"
    }
  }
}
