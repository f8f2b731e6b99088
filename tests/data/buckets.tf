terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region            = "eu-west-3"
  s3_use_path_style = true

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_s3_bucket" "states" {
  bucket = "NAME-states"
  tags   = { Name = "states" }
}

resource "aws_s3_bucket" "named" {
  bucket_prefix       = "logs-"
  force_destroy       = true
  object_lock_enabled = true
}

resource "aws_s3_bucket" "plain" {}

resource "aws_s3_bucket_versioning" "states" {
  bucket = aws_s3_bucket.states.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_versioning" "plain" {
  bucket = aws_s3_bucket.plain.id

  versioning_configuration {
    status = "Disabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "states" {
  bucket = aws_s3_bucket.states.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = "alias/states"
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "plain" {
  bucket = aws_s3_bucket.plain.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "states" {
  bucket = aws_s3_bucket.states.id

  block_public_acls       = true
  block_public_policy     = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "named" {
  bucket = aws_s3_bucket.named.id

  rule {
    object_ownership = "BucketOwnerPreferred"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "named" {
  bucket = aws_s3_bucket.named.id

  rule {
    id     = "silent"
    status = "Enabled"

    expiration {
      days = 3
    }
  }

  rule {
    id     = "all"
    status = "Enabled"

    filter {}

    expiration {
      date = "2031-01-01T00:00:00Z"
    }

    transition {
      storage_class = "GLACIER"
      date          = "2030-01-01T00:00:00Z"
    }
  }

  rule {
    id     = "old"
    status = "Enabled"
    prefix = "old/"

    transition {
      storage_class = "DEEP_ARCHIVE"
    }
  }

  rule {
    id     = "versions"
    status = "Disabled"

    filter {
      tag {
        key   = "k"
        value = "v"
      }
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 3
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    noncurrent_version_transition {
      newer_noncurrent_versions = 2
      noncurrent_days           = 10
      storage_class             = "GLACIER"
    }
  }

  rule {
    id     = "sizes"
    status = "Enabled"

    filter {
      and {
        prefix                = "k"
        object_size_less_than = 7
        tags                  = { a = "b" }
      }
    }

    expiration {
      expired_object_delete_marker = true
    }
  }
}
