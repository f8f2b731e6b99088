# Networks: what another value of each argument means. Ids are written out, so that no change follows from another.

resource "aws_vpc" "range" {
  cidr_block = "10.1.0.0/16" #~ "10.2.0.0/16"
}

resource "aws_vpc" "pool" {
  ipv4_ipam_pool_id   = "ipam-pool-1" #~ "ipam-pool-2"
  ipv4_netmask_length = 16            #~ 17
}

resource "aws_vpc" "made_dedicated" {
  cidr_block       = "10.1.0.0/16"
  instance_tenancy = "default" #~ "dedicated"
}

resource "aws_vpc" "made_shared" {
  cidr_block       = "10.1.0.0/16"
  instance_tenancy = "dedicated" #~ "default"
}

resource "aws_vpc" "generated" {
  cidr_block                       = "10.1.0.0/16"
  assign_generated_ipv6_cidr_block = true #~ false
}

resource "aws_vpc" "border" {
  cidr_block                           = "10.1.0.0/16"
  assign_generated_ipv6_cidr_block     = true
  ipv6_cidr_block_network_border_group = "eu-west-3" #~ "eu-west-3-wl1"
}

resource "aws_vpc" "length" {
  cidr_block          = "10.1.0.0/16"
  ipv6_ipam_pool_id   = "ipam-pool-1" #~ "ipam-pool-2"
  ipv6_netmask_length = 56            #~ 52
}

resource "aws_vpc" "range_of_pool" {
  cidr_block        = "10.1.0.0/16"
  ipv6_ipam_pool_id = "ipam-pool-1"
  ipv6_cidr_block   = "2001:db8::/56" #~ "2001:db8:0:100::/56"
}

resource "aws_subnet" "forced" {
  vpc_id            = "vpc-1"       #~ "vpc-2"
  cidr_block        = "10.1.1.0/24" #~ "10.1.2.0/24"
  availability_zone = "eu-west-3a"  #~ "eu-west-3b"
  outpost_arn       = "arn:aws:outposts:eu-west-3:123456789012:outpost/op-1" #~ "arn:aws:outposts:eu-west-3:123456789012:outpost/op-2"
}

resource "aws_subnet" "zone" {
  vpc_id               = "vpc-1"
  cidr_block           = "10.1.1.0/24"
  availability_zone_id = "euw3-az1" #~ "euw3-az2"
}

resource "aws_subnet" "native" {
  vpc_id                          = "vpc-1"
  ipv6_native                     = true #~ false
  assign_ipv6_address_on_creation = true
  ipv6_cidr_block                 = "2001:db8::/64"
  #~&+ cidr_block = "10.1.1.0/24"
}

resource "aws_subnet" "no_longer_with_ipv4" {
  vpc_id                          = "vpc-1"
  cidr_block                      = "10.1.1.0/24" #~ -
  assign_ipv6_address_on_creation = true
  ipv6_cidr_block                 = "2001:db8::/64"
}

resource "aws_subnet" "updated" {
  vpc_id                                         = "vpc-1"
  cidr_block                                     = "10.1.1.0/24"
  assign_ipv6_address_on_creation                = true            #~ false
  enable_dns64                                   = true            #~ false
  enable_lni_at_device_index                     = 1               #~ 2
  enable_resource_name_dns_a_record_on_launch    = true            #~ false
  enable_resource_name_dns_aaaa_record_on_launch = false           #~ true
  ipv6_cidr_block                                = "2001:db8::/64" #~ "2001:db8:0:1::/64"
  private_dns_hostname_type_on_launch            = "ip-name"       #~ "resource-name"
}

resource "aws_subnet" "owned" {
  vpc_id                          = "vpc-1"
  cidr_block                      = "10.1.1.0/24"
  outpost_arn                     = "arn:aws:outposts:eu-west-3:123456789012:outpost/op-1"
  customer_owned_ipv4_pool        = "pool-1" #~ "pool-2"
  map_customer_owned_ip_on_launch = true     #~ false
}

resource "aws_internet_gateway" "moved" {
  vpc_id = "vpc-1" #~ "vpc-2"
}

resource "aws_route_table" "forced" {
  vpc_id           = "vpc-1"   #~ "vpc-2"
  propagating_vgws = ["vgw-1"] #~ ["vgw-2"]
}

resource "aws_route_table" "updated" {
  vpc_id           = "vpc-1"
  propagating_vgws = ["vgw-1"] #~ ["vgw-1", "vgw-2"]
}

resource "aws_route" "range" {
  route_table_id         = "rtb-1"      #~ "rtb-2"
  destination_cidr_block = "10.0.0.0/8" #~ "10.0.0.0/9"
  gateway_id             = "igw-1"
}

resource "aws_route" "range_of_ipv6" {
  route_table_id              = "rtb-1"
  destination_ipv6_cidr_block = "::/0" #~ "2001:db8::/32"
  egress_only_gateway_id      = "eigw-1"
}

resource "aws_route" "prefixes" {
  route_table_id             = "rtb-1"
  destination_prefix_list_id = "pl-1" #~ "pl-2"
  nat_gateway_id             = "nat-1"
}

resource "aws_route" "other_kind_of_range" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8" #~ -
  #~&+ destination_prefix_list_id = "pl-1"
  gateway_id = "igw-1"
}

resource "aws_route" "carrier" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  carrier_gateway_id     = "cagw-1" #~ "cagw-2"
}

resource "aws_route" "core_network" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  core_network_arn       = "arn:aws:networkmanager::123456789012:core-network/core-network-1" #~ "arn:aws:networkmanager::123456789012:core-network/core-network-2"
}

resource "aws_route" "egress_only" {
  route_table_id              = "rtb-1"
  destination_ipv6_cidr_block = "::/0"
  egress_only_gateway_id      = "eigw-1" #~ "eigw-2"
}

resource "aws_route" "gateway" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  gateway_id             = "igw-1" #~ "igw-2"
}

resource "aws_route" "local" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  local_gateway_id       = "lgw-1" #~ "lgw-2"
}

resource "aws_route" "nat" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  nat_gateway_id         = "nat-1" #~ "nat-2"
}

resource "aws_route" "interface" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  network_interface_id   = "eni-1" #~ "eni-2"
}

resource "aws_route" "transit" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  transit_gateway_id     = "tgw-1" #~ "tgw-2"
}

resource "aws_route" "endpoint" {
  route_table_id         = "rtb-1"
  destination_cidr_block = "10.0.0.0/8"
  vpc_endpoint_id        = "vpce-1" #~ "vpce-2"
}

resource "aws_route" "peering" {
  route_table_id            = "rtb-1"
  destination_cidr_block    = "10.0.0.0/8"
  vpc_peering_connection_id = "pcx-1" #~ "pcx-2"
}

resource "aws_route" "other_kind_of_target" {
  route_table_id            = "rtb-1"
  destination_cidr_block    = "10.0.0.0/8"
  vpc_peering_connection_id = "pcx-1" #~ -
  #~&+ nat_gateway_id = "nat-1"
}

resource "aws_route_table_association" "subnet" {
  route_table_id = "rtb-1"
  subnet_id      = "subnet-1" #~ "subnet-2"
}

resource "aws_route_table_association" "gateway" {
  route_table_id = "rtb-1"
  gateway_id     = "igw-1" #~ "igw-2"
}

resource "aws_route_table_association" "table" {
  route_table_id = "rtb-1" #~ "rtb-2"
  subnet_id      = "subnet-1"
}

resource "aws_eip" "forced" {
  domain               = "vpc"         #~ "standard"
  address              = "192.0.2.1"   #~ "192.0.2.2"
  network_border_group = "eu-west-3"   #~ "eu-west-3-wl1"
  public_ipv4_pool     = "pool-1"      #~ "pool-2"
}

resource "aws_eip" "managed" {
  domain       = "vpc"
  ipam_pool_id = "ipam-pool-1" #~ "ipam-pool-2"
}

resource "aws_eip" "old" {
  vpc = true #~ false
}

resource "aws_eip" "updated" {
  domain                    = "vpc"
  instance                  = "i-1"      #~ "i-2"
  associate_with_private_ip = "10.1.1.1" #~ "10.1.1.2"
}

resource "aws_eip" "of_an_interface" {
  domain                   = "vpc"
  network_interface        = "eni-1"  #~ "eni-2"
  customer_owned_ipv4_pool = "pool-1" #~ "pool-2"
}

resource "aws_nat_gateway" "forced" {
  allocation_id = "eipalloc-1" #~ "eipalloc-2"
  private_ip    = "10.1.1.1"   #~ "10.1.1.2"
  subnet_id     = "subnet-1"   #~ "subnet-2"
}

resource "aws_nat_gateway" "kind" {
  connectivity_type = "private" #~ "public"
  subnet_id         = "subnet-1"
  #~&+ allocation_id = "eipalloc-1"
}

resource "aws_nat_gateway" "more_addresses" {
  allocation_id                  = "eipalloc-1"
  subnet_id                      = "subnet-1"
  secondary_allocation_ids       = ["eipalloc-2"] #~ ["eipalloc-3"]
  secondary_private_ip_addresses = ["10.1.1.5"]   #~ ["10.1.1.6"]
}

resource "aws_nat_gateway" "counted" {
  connectivity_type                  = "private"
  subnet_id                          = "subnet-1"
  secondary_private_ip_address_count = 1 #~ 2
}

resource "aws_nat_gateway" "listed" {
  connectivity_type              = "private"
  subnet_id                      = "subnet-1"
  secondary_private_ip_addresses = ["10.1.1.5"] #~ ["10.1.1.5", "10.1.1.6"]
}
