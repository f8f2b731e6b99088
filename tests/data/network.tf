terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-west-3"
}

variable "vpc_id" { type = string }
variable "public_subnet_ids" { type = list(string) }
variable "ssh_ip_allowlist" { type = list(string) }
variable "ssh_public_key" { type = string }

data "aws_vpc" "found" {
  id = aws_vpc.this.id
}

data "aws_subnets" "found" {
  filter {
    name   = "vpc-id"
    values = [aws_subnet.public.vpc_id]
  }
}

resource "aws_vpc" "this" {
  cidr_block                       = "10.7.0.0/16"
  enable_dns_hostnames             = true
  assign_generated_ipv6_cidr_block = true
  tags                             = { Name = "net" }
}

resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = cidrsubnet(data.aws_vpc.found.cidr_block, 8, 1)
  availability_zone       = "eu-west-3a"
  map_public_ip_on_launch = true
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "inline" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table" "plain" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.plain.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}

resource "aws_route_table_association" "public" {
  subnet_id      = aws_subnet.public.id
  route_table_id = aws_route_table.inline.id
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_eip" "instance" {
  domain   = "vpc"
  instance = aws_instance.this.id
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public.id
}

resource "aws_security_group" "this" {
  name   = "instance"
  vpc_id = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "http" {
  security_group_id = aws_security_group.this.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "-1"
}

resource "aws_instance" "this" {
  ami                    = "AMI"
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.public.id
  vpc_security_group_ids = [aws_security_group.this.id]
  user_data              = "#!/bin/sh\necho hello\n"
  monitoring             = true

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    volume_size = 12
    volume_type = "gp3"
    tags        = { Name = "root" }
  }

  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 3
    volume_type = "gp2"
  }
}
