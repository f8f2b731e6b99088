provider "aws" {
  region = "eu-west-3"
}

resource "aws_vpc" "this" {
  cidr_block                       = "10.8.0.0/16"
  assign_generated_ipv6_cidr_block = true

  tags = {
    a = "1"
    b = "2"
  }
}

resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.8.1.0/24"
}

resource "aws_security_group" "rules" {
  name        = "rules"
  description = "Rules"
  vpc_id      = aws_vpc.this.id

  ingress {
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    cidr_blocks      = ["10.0.0.0/8", "192.168.0.0/16"]
    ipv6_cidr_blocks = ["2001:db8::/32"]
  }

  ingress {
    from_port       = 22
    to_port         = 22
    protocol        = "tcp"
    security_groups = [aws_security_group.apart.id]
  }

  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "numbers" {
  name   = "numbers"
  vpc_id = aws_vpc.this.id

  ingress {
    from_port   = 80
    to_port     = 80
    protocol    = "6"
    cidr_blocks = ["10.0.0.0/8"]
  }
}

resource "aws_security_group" "apart" {
  name   = "apart"
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "icmp" {
  name   = "icmp"
  vpc_id = aws_vpc.this.id

  ingress {
    from_port        = -1
    to_port          = -1
    protocol         = "58"
    ipv6_cidr_blocks = ["2001:db8::/32"]
  }
}

resource "aws_security_group" "long" {
  name   = "long"
  vpc_id = aws_vpc.this.id

  ingress {
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    ipv6_cidr_blocks = ["2001:DB8:0:0:0:0:0:0/32"]
  }
}

resource "aws_security_group_rule" "plain" {
  security_group_id = aws_security_group.apart.id
  type              = "ingress"
  from_port         = 80
  to_port           = 80
  protocol          = "tcp"
  cidr_blocks       = ["10.0.0.0/8"]
}

resource "aws_security_group_rule" "all" {
  security_group_id = aws_security_group.apart.id
  type              = "egress"
  from_port         = 0
  to_port           = 0
  protocol          = "all"
  cidr_blocks       = ["172.16.0.0/12"]
}

resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.apart.id
  cidr_ipv4         = "10.0.0.0/8"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "number" {
  security_group_id = aws_security_group.apart.id
  cidr_ipv4         = "10.1.0.0/16"
  from_port         = 22
  to_port           = 22
  ip_protocol       = "6"
}

resource "aws_vpc_security_group_ingress_rule" "six" {
  security_group_id = aws_security_group.apart.id
  cidr_ipv6         = "2001:DB8:0:0::/64"
  from_port         = 22
  to_port           = 22
  ip_protocol       = "tcp"
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.this.id
  }
}

resource "aws_route_table" "apart" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route" "this" {
  route_table_id              = aws_route_table.apart.id
  destination_ipv6_cidr_block = "2001:DB8:0:0:0:0:0:0/32"
  gateway_id                  = aws_internet_gateway.this.id
}

resource "aws_eip" "this" {
  domain = "vpc"
}
