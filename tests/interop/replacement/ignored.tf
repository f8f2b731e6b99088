# What the provider takes no notice of: AWS cannot change it, and nothing is planned.

resource "aws_dynamodb_table" "projected" {
  #= table_class = "STANDARD"
  name         = "same"
  hash_key     = "id"
  range_key    = "at"
  billing_mode = "PAY_PER_REQUEST"

  attribute {
    name = "id"
    type = "S"
  }

  attribute {
    name = "at"
    type = "N"
  }

  local_secondary_index {
    name            = "index"
    range_key       = "at"
    projection_type = "ALL" #~ "KEYS_ONLY"
  }

  local_secondary_index {
    name               = "included"
    range_key          = "at"
    projection_type    = "INCLUDE"
    non_key_attributes = ["old"] #~ ["new"]
  }
}

resource "aws_dynamodb_table" "typed" {
  #= table_class = "STANDARD"
  name         = "same"
  hash_key     = "id"
  billing_mode = "PAY_PER_REQUEST"

  attribute {
    name = "id"
    type = "S" #~ "N"
  }
}

resource "aws_instance" "disk" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  ebs_block_device {
    device_name           = "/dev/sdf"
    delete_on_termination = true                                       #~ false
    encrypted             = true                                       #~ false
    kms_key_id            = "arn:aws:kms:eu-west-3:123456789012:key/a" #~ "arn:aws:kms:eu-west-3:123456789012:key/b"
    throughput            = 125                                        #~ 130
    volume_size           = 10                                         #~ 20
    volume_type           = "gp3"
    iops                  = 3000                                       #~ 4000
  }
}

resource "aws_instance" "kind_of_disk" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 10
    volume_type = "gp3" #~ "gp2"
  }
}
