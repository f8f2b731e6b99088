provider "aws" {
  region = "eu-west-3"
}

resource "aws_s3_bucket" "states" {
  bucket = "tampered-states"

  tags = {
    Name = "states" #~ "others"
    Old  = "yes"    #~ -
    #~+ Added = "by hand"
  }
}

resource "aws_s3_bucket" "logs" {
  bucket_prefix = "tampered-logs-"
}

resource "aws_s3_bucket_versioning" "states" {
  bucket = aws_s3_bucket.states.id

  versioning_configuration {
    status = "Enabled" #~ "Suspended"
  }
}

resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Suspended" #~ "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "states" {
  bucket = aws_s3_bucket.states.id

  rule {
    bucket_key_enabled = true #~ false

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"       #~ "aws:kms:dsse"
      kms_master_key_id = "alias/states"  #~ "alias/others"
    }
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256" #~ "aws:kms"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "states" {
  bucket = aws_s3_bucket.states.id

  block_public_acls       = true #~ false
  block_public_policy     = true #~ -
  ignore_public_acls      = true #~ false
  restrict_public_buckets = true #~ false
}

resource "aws_s3_bucket_policy" "states" {
  bucket = aws_s3_bucket.states.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Principal = "*", Action = ["s3:PutObject", "s3:DeleteObject"], Resource = "${aws_s3_bucket.states.arn}/*" }] }) #~ jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Principal = "*", Action = "s3:PutObject", Resource = "${aws_s3_bucket.states.arn}/*" }] })
}

resource "aws_s3_bucket_ownership_controls" "states" {
  bucket = aws_s3_bucket.states.id

  rule {
    object_ownership = "BucketOwnerEnforced" #~ "ObjectWriter"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "states" {
  bucket                                 = aws_s3_bucket.states.id
  transition_default_minimum_object_size = "varies_by_storage_class" #~ "all_storage_classes_128K"

  rule {
    id     = "logs"    #~ "traces"
    status = "Enabled" #~ "Disabled"

    filter {
      prefix = "logs/" #~ "traces/"
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 3 #~ 4
    }

    expiration {
      days = 400 #~ 500
    }

    noncurrent_version_expiration {
      newer_noncurrent_versions = 2  #~ 3
      noncurrent_days           = 90 #~ 91
    }

    noncurrent_version_transition {
      newer_noncurrent_versions = 1         #~ 4
      noncurrent_days           = 30        #~ 31
      storage_class             = "GLACIER" #~ "GLACIER_IR"
    }

    transition {
      days          = 30        #~ 31
      storage_class = "GLACIER" #~ "DEEP_ARCHIVE"
    }
  }

  rule {
    id     = "dated"
    status = "Enabled"

    filter {
      tag {
        key   = "kind"  #~ "sort"
        value = "draft" #~ "sketch"
      }
    }

    expiration {
      date = "2031-01-01T00:00:00Z" #~ "2032-01-01T00:00:00Z"
    }

    transition {
      date          = "2030-01-01T00:00:00Z" #~ "2030-02-01T00:00:00Z"
      storage_class = "GLACIER"
    }
  }

  rule {
    id     = "small"
    status = "Enabled"

    filter {
      object_size_less_than = 1000 #~ 2000
    }

    expiration {
      expired_object_delete_marker = true #~ false
    }
  }

  rule {
    id     = "large"
    status = "Enabled"

    filter {
      object_size_greater_than = 1000000 #~ 2000000
    }

    expiration {
      days = 30
    }
  }

  rule {
    id     = "all"
    status = "Enabled"

    filter {
      and {
        object_size_greater_than = 10     #~ 11
        object_size_less_than    = 5000   #~ 6000
        prefix                   = "tmp/" #~ "temp/"
        tags                     = { a = "b" } #~ { a = "c" }
      }
    }

    expiration {
      days = 10
    }
  }

  rule {
    id     = "old"
    prefix = "old/" #~ "older/"
    status = "Enabled"

    expiration {
      days = 20
    }
  }
}
