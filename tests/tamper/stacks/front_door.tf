variable "vpc_id" { type = string }
variable "ssh_public_key" { type = string }

provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_kinesis_stream" "provisioned" {
  name                = "provisioned"
  shard_count         = 2                                    #~ 3
  retention_period    = 48                                   #~ 72
  encryption_type     = "KMS"                                #~ "NONE"
  kms_key_id          = "alias/aws/kinesis"                  #~& -
  shard_level_metrics = ["IncomingBytes", "OutgoingBytes"]   #~ ["IncomingBytes", "IteratorAgeMilliseconds"]

  tags = {
    Name = "provisioned" #~ "renamed"
    #~+ Added = "by hand"
  }

  stream_mode_details {
    stream_mode = "PROVISIONED"
  }
}

resource "aws_kinesis_stream" "on_demand" {
  name = "on-demand"
  #~+ shard_level_metrics = ["IncomingBytes"]
  #~+ tags = { Who = "somebody" }

  stream_mode_details {
    stream_mode = "ON_DEMAND" #~ "PROVISIONED"
  }
  #~&+ shard_count = 4
}

resource "aws_kinesis_stream" "encrypted" {
  name        = "encrypted"
  shard_count = 1
  #~+ encryption_type = "KMS"
  #~&+ kms_key_id = "alias/aws/kinesis"
}

resource "aws_key_pair" "this" {
  key_name   = "key"
  public_key = var.ssh_public_key

  tags = {
    Name = "key" #~ "lock"
  }
}

resource "aws_security_group" "inline" {
  name   = "inline"
  vpc_id = var.vpc_id

  tags = {
    Name = "inline" #~ -
  }

  ingress = [
    {
      from_port        = 80
      to_port          = 80
      protocol         = "tcp"
      description      = "web"              #~ "wab"
      cidr_blocks      = ["10.0.0.0/8"]     #~ ["10.0.0.0/8", "0.0.0.0/0"]
      ipv6_cidr_blocks = []
      prefix_list_ids  = []
      security_groups  = []
      self             = false              #~ true
    },
  ]

  egress {
    from_port   = 443           #~ 0
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"] #~ ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "apart" {
  name   = "apart"
  vpc_id = var.vpc_id
}

resource "aws_security_group_rule" "ssh" {
  security_group_id = aws_security_group.apart.id
  type              = "ingress"
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/8"]
  description       = "ssh" #~ "telnet"
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = "door"
  dashboard_body = "{\"widgets\":[]}" #~ "{\"widgets\":[{\"type\":\"text\",\"x\":0,\"y\":0,\"width\":3,\"height\":3,\"properties\":{\"markdown\":\"hello\"}}]}"
}

resource "aws_vpc_security_group_ingress_rule" "range" {
  security_group_id = aws_security_group.apart.id
  cidr_ipv4         = "10.0.0.0/8" #~ "10.1.0.0/16"
  from_port         = 80           #~ 79
  to_port           = 81           #~ 82
  ip_protocol       = "tcp"        #~ "udp"
  description       = "web"        #~ "wab"

  tags = {
    Name = "web" #~ "wab"
  }
}

resource "aws_vpc_security_group_egress_rule" "range" {
  security_group_id = aws_security_group.apart.id
  cidr_ipv4         = "10.0.0.0/8" #~ "10.1.0.0/16"
  from_port         = 80           #~ 79
  to_port           = 81           #~ 82
  ip_protocol       = "tcp"        #~ "udp"
  description       = "web"        #~ "wab"

  tags = {
    Name = "web" #~ "wab"
  }
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "door"
  retention_in_days = 7                                                       #~ 14
  kms_key_id        = "arn:aws:kms:eu-west-3:123456789012:key/a"              #~ "arn:aws:kms:eu-west-3:123456789012:key/b"

  tags = {
    Name = "door" #~ "window"
  }
}
