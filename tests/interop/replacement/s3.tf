# Buckets and what configures them: what another value of each argument means.

resource "aws_s3_bucket" "forced" {
  bucket              = "old-bucket" #~ "new-bucket"
  object_lock_enabled = true         #~ false
  force_destroy       = true         #~ false
}

resource "aws_s3_bucket" "locked" {
  bucket = "same-bucket"
  #~+ object_lock_enabled = true
}

resource "aws_s3_bucket" "prefixed" {
  bucket_prefix = "old-" #~ "new-"
}

resource "aws_s3_bucket" "named_by_aws" {
  bucket = "old-bucket" #~ -
  #~&+ bucket_prefix = "new-"
}

resource "aws_s3_bucket" "updated" {
  bucket        = "same-bucket"
  force_destroy = true #~ false
}

resource "aws_s3_bucket_versioning" "forced" {
  bucket                = "old-bucket"   #~ "new-bucket"
  expected_bucket_owner = "123456789012" #~ "123456789013"

  versioning_configuration {
    status = "Enabled" #~ "Suspended"
  }
}

resource "aws_s3_bucket_versioning" "anybodys" {
  bucket                = "same-bucket"
  expected_bucket_owner = "123456789012" #~ -

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_versioning" "updated" {
  bucket = "same-bucket"
  mfa    = "arn 123456" #~ "arn 234567"

  versioning_configuration {
    status     = "Enabled"  #~ "Suspended"
    mfa_delete = "Disabled" #~ "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "forced" {
  bucket                = "old-bucket"   #~ "new-bucket"
  expected_bucket_owner = "123456789012" #~ "123456789013"

  rule {
    bucket_key_enabled = true #~ false

    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256" #~ "aws:kms"
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "anybodys" {
  bucket                = "same-bucket"
  expected_bucket_owner = "123456789012" #~ -

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "forced" {
  bucket                = "old-bucket"   #~ "new-bucket"
  expected_bucket_owner = "123456789012" #~ "123456789013"

  rule {
    id     = "a"
    status = "Enabled" #~ "Disabled"

    filter {}

    expiration {
      days = 3 #~ 4
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "anybodys" {
  bucket                = "same-bucket"

  rule {
    id     = "a"
    status = "Enabled"

    filter {}

    expiration {
      days = 3 #~ 4
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "forced" {
  bucket = "old-bucket" #~ "new-bucket"

  rule {
    object_ownership = "ObjectWriter" #~ "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_policy" "forced" {
  bucket = "old-bucket" #~ "new-bucket"
  policy = jsonencode({ Version = "2012-10-17", Statement = [] })
}

resource "aws_s3_bucket_public_access_block" "forced" {
  bucket            = "old-bucket" #~ "new-bucket"
  block_public_acls = true         #~ false
}
