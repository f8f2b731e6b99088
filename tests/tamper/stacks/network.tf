provider "aws" {
  region = "eu-west-3"
}

resource "aws_vpc" "this" {
  cidr_block                           = "10.1.0.0/16"
  enable_dns_hostnames                 = true   #~ false
  enable_dns_support                   = true
  enable_network_address_usage_metrics = true   #~ false

  tags = {
    Name = "this" #~ "that"
  }
}

resource "aws_vpc" "other" {
  cidr_block         = "10.2.0.0/16"
  enable_dns_support = true #~ false
}

resource "aws_subnet" "a" {
  vpc_id                  = aws_vpc.this.id
  cidr_block              = "10.1.1.0/24"
  map_public_ip_on_launch = true #~ false

  tags = {
    Name = "a" #~ "b"
    #~+ Added = "by hand"
  }
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = {
    Name = "this" #~ "that"
  }
}

resource "aws_internet_gateway" "wandering" {
  vpc_id = aws_vpc.other.id #~ aws_vpc.third.id
}

resource "aws_vpc" "third" {
  cidr_block = "10.3.0.0/16"
}

resource "aws_route_table" "inline" {
  vpc_id = aws_vpc.this.id

  route {
    cidr_block = "0.0.0.0/0" #~ "10.9.0.0/16"
    gateway_id = aws_internet_gateway.this.id
  }

  tags = {
    Name = "inline" #~ -
  }
}

resource "aws_route_table" "apart" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route" "out" {
  route_table_id         = aws_route_table.apart.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id #~ -
  #~&+ nat_gateway_id = aws_nat_gateway.this.id
}

resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.inline.id
}

resource "aws_eip" "nat" {
  domain = "vpc"

  tags = {
    Name = "nat" #~ "gnat"
  }
}

resource "aws_nat_gateway" "this" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.a.id

  tags = {
    Name = "nat" #~ "gnat"
  }
}
