# Security groups, their rules and key pairs: what another value of each argument means.

resource "aws_security_group" "forced" {
  name                   = "old"   #~ "new"
  description            = "old"   #~ "new"
  vpc_id                 = "vpc-1" #~ "vpc-2"
  revoke_rules_on_delete = true    #~ false
}

resource "aws_security_group" "prefixed" {
  name_prefix = "old-" #~ "new-"
  vpc_id      = "vpc-1"
}

resource "aws_security_group" "updated" {
  name                   = "same"
  vpc_id                 = "vpc-1"
  revoke_rules_on_delete = true #~ false
}

resource "aws_security_group_rule" "forced" {
  security_group_id = "sg-1"         #~ "sg-2"
  type              = "ingress"      #~ "egress"
  protocol          = "tcp"          #~ "udp"
  from_port         = 80             #~ 81
  to_port           = 90             #~ 91
  cidr_blocks       = ["10.0.0.0/8"] #~ ["10.0.0.0/9"]
  ipv6_cidr_blocks  = ["::/0"]       #~ ["2001:db8::/32"]
  prefix_list_ids   = ["pl-1"]       #~ ["pl-2"]
  description       = "old"          #~ "new"
}

resource "aws_security_group_rule" "source" {
  security_group_id        = "sg-1"
  type                     = "ingress"
  protocol                 = "tcp"
  from_port                = 80
  to_port                  = 90
  source_security_group_id = "sg-2" #~ "sg-3"
}

resource "aws_security_group_rule" "itself" {
  security_group_id = "sg-1"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 90
  self              = true #~ -
  #~&+ source_security_group_id = "sg-2"
}

resource "aws_security_group_rule" "longer" {
  security_group_id = "sg-1"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 90
  cidr_blocks       = ["10.0.0.0/9"] #~ ["10.0.0.0/9", "10.128.0.0/9"]
}

resource "aws_security_group_rule" "updated" {
  security_group_id = "sg-1"
  type              = "ingress"
  protocol          = "tcp"
  from_port         = 80
  to_port           = 90
  cidr_blocks       = ["10.0.0.0/8"]
  description       = "old" #~ "new"
}

resource "aws_vpc_security_group_ingress_rule" "forced" {
  security_group_id = "sg-1"         #~ "sg-2"
  cidr_ipv4         = "10.0.0.0/8"   #~ "10.0.0.0/9"
  ip_protocol       = "tcp"          #~ "udp"
  from_port         = 80             #~ 81
  to_port           = 90             #~ 91
  description       = "old"          #~ "new"
}

resource "aws_vpc_security_group_ingress_rule" "range_of_ipv6" {
  security_group_id = "sg-1"
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0" #~ "2001:db8::/32"
}

resource "aws_vpc_security_group_ingress_rule" "prefixes" {
  security_group_id = "sg-1"
  ip_protocol       = "-1"
  prefix_list_id    = "pl-1" #~ "pl-2"
}

resource "aws_vpc_security_group_ingress_rule" "source" {
  security_group_id            = "sg-1"
  ip_protocol                  = "-1"
  referenced_security_group_id = "sg-2" #~ "sg-3"
}

resource "aws_vpc_security_group_ingress_rule" "other_kind_of_source" {
  security_group_id            = "sg-1"
  ip_protocol                  = "-1"
  referenced_security_group_id = "sg-2" #~ -
  #~&+ cidr_ipv4 = "10.0.0.0/8"
}

resource "aws_vpc_security_group_ingress_rule" "other_kind_of_range" {
  security_group_id = "sg-1"
  ip_protocol       = "-1"
  cidr_ipv4         = "10.0.0.0/8" #~ -
  #~&+ cidr_ipv6 = "::/0"
}

resource "aws_vpc_security_group_egress_rule" "forced" {
  security_group_id = "sg-1"         #~ "sg-2"
  cidr_ipv4         = "10.0.0.0/8"   #~ "10.0.0.0/9"
  ip_protocol       = "tcp"          #~ "udp"
  from_port         = 80             #~ 81
  to_port           = 90             #~ 91
  description       = "old"          #~ "new"
}

resource "aws_vpc_security_group_egress_rule" "range_of_ipv6" {
  security_group_id = "sg-1"
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0" #~ "2001:db8::/32"
}

resource "aws_vpc_security_group_egress_rule" "prefixes" {
  security_group_id = "sg-1"
  ip_protocol       = "-1"
  prefix_list_id    = "pl-1" #~ "pl-2"
}

resource "aws_vpc_security_group_egress_rule" "source" {
  security_group_id            = "sg-1"
  ip_protocol                  = "-1"
  referenced_security_group_id = "sg-2" #~ "sg-3"
}

resource "aws_vpc_security_group_egress_rule" "other_kind_of_source" {
  security_group_id            = "sg-1"
  ip_protocol                  = "-1"
  referenced_security_group_id = "sg-2" #~ -
  #~&+ prefix_list_id = "pl-1"
}

resource "aws_key_pair" "forced" {
  key_name   = "old"         #~ "new"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH" #~ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI"
}

resource "aws_key_pair" "prefixed" {
  key_name_prefix = "old-" #~ "new-"
  public_key      = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH"
}
