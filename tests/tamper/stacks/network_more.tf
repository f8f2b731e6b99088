# An image with a root volume.
variable "image_id" { type = string }

provider "aws" {
  region = "eu-west-3"
}

resource "aws_vpc" "this" {
  cidr_block                       = "10.1.0.0/16"
  assign_generated_ipv6_cidr_block = true
}

resource "aws_vpc" "generated" {
  cidr_block                       = "10.2.0.0/16"
  assign_generated_ipv6_cidr_block = true #~ false
}

resource "aws_vpc" "announced" {
  cidr_block                           = "10.3.0.0/16"
  assign_generated_ipv6_cidr_block     = true
  ipv6_cidr_block_network_border_group = "eu-west-3" #~ "eu-west-3-wl1-par-wlz-1"
}

resource "aws_vpc" "pooled" {
  cidr_block        = "10.4.0.0/16"
  ipv6_ipam_pool_id = "ipam-pool-1111111111111111a"
  ipv6_cidr_block   = "2001:db8:1234:1a00::/56" #~ "2001:db8:1234:1b00::/56"
}

resource "aws_subnet" "six" {
  vpc_id                                         = aws_vpc.this.id
  cidr_block                                     = "10.1.1.0/24"
  ipv6_cidr_block                                = cidrsubnet(aws_vpc.this.ipv6_cidr_block, 8, 1) #~ cidrsubnet(aws_vpc.this.ipv6_cidr_block, 8, 2)
  assign_ipv6_address_on_creation                = true            #~ false
  enable_dns64                                   = true            #~ false
  enable_resource_name_dns_a_record_on_launch    = true            #~ false
  enable_resource_name_dns_aaaa_record_on_launch = true            #~ false
  private_dns_hostname_type_on_launch            = "resource-name" #~ "ip-name"
}

resource "aws_subnet" "outpost" {
  vpc_id                          = aws_vpc.this.id
  cidr_block                      = "10.1.2.0/24"
  outpost_arn                     = "arn:aws:outposts:eu-west-3:123456789012:outpost/op-1111111111111111a"
  customer_owned_ipv4_pool        = "ipv4pool-coip-a" #~ "ipv4pool-coip-b"
  map_customer_owned_ip_on_launch = true
  enable_lni_at_device_index      = 1 #~ 2
}

resource "aws_subnet" "pool_left" {
  vpc_id                          = aws_vpc.this.id
  cidr_block                      = "10.1.3.0/24"
  outpost_arn                     = "arn:aws:outposts:eu-west-3:123456789012:outpost/op-1111111111111111a"
  customer_owned_ipv4_pool        = "ipv4pool-coip-a"
  map_customer_owned_ip_on_launch = true
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_route_table" "this" {
  vpc_id           = aws_vpc.this.id
  propagating_vgws = ["vgw-1111111a"] #~ ["vgw-1111111b"]
}

resource "aws_instance" "a" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.six.id
}

resource "aws_instance" "b" {
  ami           = var.image_id
  instance_type = "t3.micro"
  subnet_id     = aws_subnet.six.id
}

resource "aws_route" "carrier" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "10.101.0.0/16"
  carrier_gateway_id     = "cagw-1111111a" #~ "cagw-1111111b"
}

resource "aws_route" "core" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "10.102.0.0/16"
  core_network_arn       = "arn:aws:networkmanager::123456789012:core-network/a" #~ "arn:aws:networkmanager::123456789012:core-network/b"
}

resource "aws_route" "egress" {
  route_table_id              = aws_route_table.this.id
  destination_ipv6_cidr_block = "2001:db8::/32"
  egress_only_gateway_id      = "eigw-1111111a" #~ "eigw-1111111b"
}

resource "aws_route" "local" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "10.103.0.0/16"
  local_gateway_id       = "lgw-1111111a" #~ "lgw-1111111b"
}

resource "aws_route" "interface" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "10.104.0.0/16"
  network_interface_id   = aws_instance.a.primary_network_interface_id #~ aws_instance.b.primary_network_interface_id
}

resource "aws_route" "transit" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "10.105.0.0/16"
  transit_gateway_id     = "tgw-1111111a" #~ "tgw-1111111b"
}

resource "aws_route" "endpoint" {
  route_table_id         = aws_route_table.this.id
  destination_cidr_block = "10.106.0.0/16"
  vpc_endpoint_id        = "vpce-1111111a" #~ "vpce-1111111b"
}

resource "aws_route" "peer" {
  route_table_id            = aws_route_table.this.id
  destination_cidr_block    = "10.107.0.0/16"
  vpc_peering_connection_id = "pcx-1111111a" #~ "pcx-1111111b"
}

resource "aws_eip" "instance" {
  domain   = "vpc"
  instance = aws_instance.a.id #~ aws_instance.b.id; also network_interface
}

resource "aws_eip" "interface" {
  domain            = "vpc"
  network_interface = aws_instance.b.primary_network_interface_id #~ aws_instance.a.primary_network_interface_id; also instance
}

resource "aws_eip" "nat" {
  domain = "vpc"
}

resource "aws_eip" "second" {
  domain = "vpc"
}

resource "aws_eip" "third" {
  domain = "vpc"
}

resource "aws_nat_gateway" "public" {
  allocation_id            = aws_eip.nat.id
  subnet_id                = aws_subnet.six.id
  secondary_allocation_ids = [aws_eip.second.id] #~ [aws_eip.third.id]; also secondary_private_ip_addresses
}

resource "aws_nat_gateway" "private" {
  connectivity_type              = "private"
  subnet_id                      = aws_subnet.six.id
  private_ip                     = "10.1.1.70"
  secondary_private_ip_addresses = ["10.1.1.71"] #~ ["10.1.1.72", "10.1.1.73"]; also secondary_private_ip_address_count
}

resource "aws_security_group" "a" {
  name   = "a"
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "b" {
  name   = "b"
  vpc_id = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "six" {
  security_group_id = aws_security_group.a.id
  cidr_ipv6         = "2001:db8::/32" #~ "2001:db8::/48"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_ingress_rule" "list" {
  security_group_id = aws_security_group.a.id
  prefix_list_id    = "pl-1111111a" #~ "pl-1111111b"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_ingress_rule" "group" {
  security_group_id            = aws_security_group.a.id
  referenced_security_group_id = aws_security_group.a.id #~ aws_security_group.b.id
  ip_protocol                  = "tcp"
  from_port                    = 81
  to_port                      = 81
}

resource "aws_vpc_security_group_egress_rule" "six" {
  security_group_id = aws_security_group.a.id
  cidr_ipv6         = "2001:db8::/32" #~ "2001:db8::/48"
  ip_protocol       = "-1"
}

resource "aws_vpc_security_group_egress_rule" "list" {
  security_group_id = aws_security_group.a.id
  prefix_list_id    = "pl-1111111a" #~ "pl-1111111b"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
}

resource "aws_vpc_security_group_egress_rule" "group" {
  security_group_id            = aws_security_group.a.id
  referenced_security_group_id = aws_security_group.a.id #~ aws_security_group.b.id
  ip_protocol                  = "tcp"
  from_port                    = 81
  to_port                      = 81
}
