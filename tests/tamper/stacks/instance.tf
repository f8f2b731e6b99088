# An image with a root volume, and two instance profiles.
variable "image_id" { type = string }
variable "profiles" { type = list(string) }

provider "aws" {
  region = "eu-west-3"
}

resource "aws_vpc" "this" {
  cidr_block                       = "10.7.0.0/16"
  assign_generated_ipv6_cidr_block = true
}

resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.7.1.0/24"
}

resource "aws_security_group" "a" {
  name   = "a"
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "b" {
  name   = "b"
  vpc_id = aws_vpc.this.id
}

resource "aws_instance" "plain" {
  ami                    = var.image_id
  instance_type          = "t3.micro"                #~ "t3.small"
  subnet_id              = aws_subnet.a.id
  vpc_security_group_ids = [aws_security_group.a.id] #~ [aws_security_group.b.id]
  source_dest_check      = false                     #~ true
  monitoring             = true                      #~ false

  tags = {
    Name = "plain" #~ "other"
    #~+ Added = "by hand"
  }
}

resource "aws_instance" "kept" {
  ami                                  = var.image_id
  instance_type                        = "t3.micro"
  subnet_id                            = aws_subnet.a.id
  disable_api_stop                     = true        #~ false
  disable_api_termination              = true        #~ false
  instance_initiated_shutdown_behavior = "terminate" #~ "stop"
  iam_instance_profile                 = var.profiles[0]   #~ var.profiles[1]

  credit_specification {
    cpu_credits = "standard" #~ "unlimited"
  }
}

resource "aws_instance" "measured" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id

  metadata_options {
    http_endpoint               = "enabled"  #~ "disabled"
    http_protocol_ipv6          = "enabled"  #~ "disabled"
    http_put_response_hop_limit = 2          #~ 3
    http_tokens                 = "required" #~ "optional"
    instance_metadata_tags      = "enabled"  #~ "disabled"
  }
}

resource "aws_instance" "named" {
  ami                   = var.image_id
  instance_type         = "t3.micro"
  subnet_id             = aws_subnet.a.id
  secondary_private_ips = ["10.7.1.30"] #~ ["10.7.1.31"]
  user_data             = "one"         #~ "two"

  maintenance_options {
    auto_recovery = "disabled" #~ "default"
  }

  private_dns_name_options {
    enable_resource_name_dns_a_record    = true            #~ false
    enable_resource_name_dns_aaaa_record = true            #~ false
    hostname_type                        = "resource-name" #~ "ip-name"
  }
}

resource "aws_instance" "encoded" {
  ami              = var.image_id
  instance_type    = "t3.micro"
  subnet_id        = aws_subnet.a.id
  user_data_base64 = "b25l" #~ "dHdv"

  capacity_reservation_specification {
    capacity_reservation_preference = "none" #~ "open"
  }

  volume_tags = {
    Name = "encoded" #~ "other"
  }
}

resource "aws_instance" "reserved" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id

  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_id = "cr-1111111111111111a" #~ "cr-1111111111111111b"
    }
  }
}

resource "aws_instance" "reserved_in_group" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id

  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_resource_group_arn = "arn:aws:resource-groups:eu-west-3:123456789012:group/a" #~ "arn:aws:resource-groups:eu-west-3:123456789012:group/b"
    }
  }
}

resource "aws_instance" "volumes" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id

  root_block_device {
    delete_on_termination = true  #~ false
    iops                  = 4000  #~ 5000
    throughput            = 200   #~ 250
    volume_type           = "gp3"
    volume_size           = 20    #~ 30

    tags = {
      Name = "root" #~ "other"
    }
  }

  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 5
    volume_type = "gp3"

    tags = {
      Name = "data" #~ "other"
    }
  }
}

resource "aws_instance" "kind_of_volume" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.a.id

  root_block_device {
    volume_type = "gp3" #~ "gp2"; also root_block_device.iops, root_block_device.throughput
    volume_size = 20
  }
}
