variable "subnet_ids" { type = list(string) }
variable "image_id" { type = string }
variable "vpc_id" { type = string }

provider "aws" {
  region = "eu-west-3"
}

resource "aws_security_group" "a" {
  name   = "a"
  vpc_id = var.vpc_id
}

resource "aws_security_group" "b" {
  name   = "b"
  vpc_id = var.vpc_id
}

resource "aws_instance" "this" {
  ami                    = var.image_id
  instance_type          = "t3.micro"
  subnet_id              = var.subnet_ids[0]
  vpc_security_group_ids = [aws_security_group.a.id, aws_security_group.b.id]
  user_data              = "#!/bin/sh\necho one\n"
  monitoring             = true

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    volume_type = "gp3"
    volume_size = 20
  }

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_instance" "devices" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = var.subnet_ids[0]

  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 5
  }

  ebs_block_device {
    device_name = "/dev/sdg"
    volume_size = 6
  }
}

resource "aws_launch_template" "this" {
  name                   = "normal"
  image_id               = var.image_id
  instance_type          = "t3.micro"
  user_data              = base64encode("#!/bin/sh\necho one\n")
  vpc_security_group_ids = [aws_security_group.a.id, aws_security_group.b.id]

  block_device_mappings {
    device_name = "/dev/sdf"

    ebs {
      volume_size = 5
      volume_type = "gp3"
    }
  }

  block_device_mappings {
    device_name = "/dev/sdg"

    ebs {
      volume_size = 6
      volume_type = "gp3"
    }
  }

  metadata_options {
    http_tokens = "required"
  }

  tag_specifications {
    resource_type = "instance"
    tags = {
      a = "1"
      b = "2"
    }
  }
}

resource "aws_launch_template" "interfaces" {
  name = "interfaces"

  network_interfaces {
    associate_public_ip_address = true
    security_groups             = [aws_security_group.a.id, aws_security_group.b.id]
  }

  monitoring {
    enabled = true
  }
}

resource "aws_key_pair" "this" {
  key_name   = "normal"
  public_key = var.ssh_public_key
}

variable "ssh_public_key" { type = string }
