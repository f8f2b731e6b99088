# Instances: what another value of each argument means.

resource "aws_instance" "forced" {
  ami                         = "ami-1"       #~ "ami-2"
  instance_type               = "t3.micro"    #~ "t3.small"
  associate_public_ip_address = true          #~ false
  availability_zone           = "eu-west-3a"  #~ "eu-west-3b"
  key_name                    = "old"         #~ "new"
  ebs_optimized               = true          #~ false
  get_password_data           = true          #~ false
  hibernation                 = true          #~ false
  host_id                     = "h-1"         #~ "h-2"
  placement_group             = "old"         #~ "new"
  placement_partition_number  = 1             #~ 2
  private_ip                  = "10.1.1.1"    #~ "10.1.1.2"
  subnet_id                   = "subnet-1"    #~ "subnet-2"
  tenancy                     = "dedicated"   #~ "default"
  ipv6_addresses              = ["2001:db8::1"] #~ ["2001:db8::2"]
  monitoring                  = true          #~ false

  enclave_options {
    enabled = true #~ false
  }
}

resource "aws_instance" "classic" {
  ami             = "ami-1"
  instance_type   = "t3.micro"
  security_groups = ["old"] #~ ["new"]
}

resource "aws_instance" "processors" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  cpu_options {
    amd_sev_snp      = "enabled" #~ "disabled"
    core_count       = 1         #~ 2
    threads_per_core = 1         #~ 2
  }
}

resource "aws_instance" "old_processors" {
  ami                  = "ami-1"
  instance_type        = "t3.micro"
  cpu_core_count       = 1 #~ 2
  cpu_threads_per_core = 1 #~ 2
}

resource "aws_instance" "ephemeral" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  ephemeral_block_device {
    device_name  = "/dev/sdb"   #~ "/dev/sdc"
    virtual_name = "ephemeral0" #~ "ephemeral1"
  }

  ephemeral_block_device {
    device_name = "/dev/sdd"
    no_device   = true #~ false
  }
}

resource "aws_instance" "spot" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  instance_market_options {
    market_type = "spot" #~ "capacity-block"

    spot_options {
      instance_interruption_behavior = "stop"                 #~ "hibernate"
      max_price                      = "0.05"                 #~ "0.06"
      spot_instance_type             = "persistent"           #~ "one-time"
      valid_until                    = "2030-01-01T00:00:00Z" #~ "2031-01-01T00:00:00Z"
    }
  }
}

resource "aws_instance" "interface" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  network_interface {
    device_index          = 0       #~ 1
    network_card_index    = 0       #~ 1
    network_interface_id  = "eni-1" #~ "eni-2"
    delete_on_termination = false   #~ true
  }
}

resource "aws_instance" "template" {
  launch_template {
    id      = "lt-1" #~ "lt-2"
    version = "1"    #~ "2"
  }
}

resource "aws_instance" "template_version" {
  launch_template {
    id      = "lt-1"
    version = "1" #~ "2"
  }
}

resource "aws_instance" "named_template" {
  launch_template {
    name = "old" #~ "new"
  }
}

resource "aws_instance" "disks" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  root_block_device {
    encrypted             = true                                    #~ false
    kms_key_id            = "arn:aws:kms:eu-west-3:123456789012:key/a" #~ "arn:aws:kms:eu-west-3:123456789012:key/b"
    volume_size           = 10                                      #~ 20
  }

  ebs_block_device {
    device_name           = "/dev/sdf"
    delete_on_termination = true                                       #~ false
    encrypted             = true                                       #~ false
    iops                  = 3000                                       #~ 4000
    kms_key_id            = "arn:aws:kms:eu-west-3:123456789012:key/a" #~ "arn:aws:kms:eu-west-3:123456789012:key/b"
    snapshot_id           = "snap-1"                                   #~ "snap-2"
    throughput            = 125                                        #~ -
    volume_size           = 10                                         #~ 20
    volume_type           = "gp3"                                      #~ "io1"
    tags                  = { Name = "old" }                           #~ { Name = "new" }
  }

  ebs_block_device {
    device_name = "/dev/sdg" #~ "/dev/sdh"
    volume_size = 3
  }
}

resource "aws_instance" "more_disks" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 3
  }

  #~+ ebs_block_device {;;device_name = "/dev/sdg";;volume_size = 3;;}
}

resource "aws_instance" "kinds_of_disks" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  root_block_device {
    volume_type = "gp3" #~ "gp2"
  }
}

resource "aws_instance" "labelled_root" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  root_block_device {
    tags = { Name = "old" } #~ { Name = "new" }
  }
}

resource "aws_instance" "labelled_disk" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  ebs_block_device {
    device_name = "/dev/sdf"
    volume_size = 3
    tags        = { Name = "old" } #~ { Name = "new" }
  }
}

resource "aws_instance" "labelled_at_once" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  volume_tags   = { Name = "old" } #~ { Name = "new" }
}

resource "aws_instance" "root" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  root_block_device {
    delete_on_termination = true  #~ false
    iops                  = 3000  #~ 4000
    throughput            = 125   #~ 130
    volume_size           = 10    #~ 20
    volume_type           = "gp3"
  }
}

resource "aws_instance" "updated" {
  ami                                  = "ami-1"
  instance_type                        = "t3.micro"  #~ "t3.small"
  disable_api_stop                     = true        #~ false
  disable_api_termination              = true        #~ false
  ebs_optimized                        = false
  iam_instance_profile                 = "old"       #~ "new"
  instance_initiated_shutdown_behavior = "stop"      #~ "terminate"
  monitoring                           = true        #~ false
  secondary_private_ips                = ["10.1.1.5"] #~ ["10.1.1.6"]
  source_dest_check                    = true        #~ false
  subnet_id                            = "subnet-1"
  user_data                            = "old"       #~ "new"
  user_data_replace_on_change          = false
  vpc_security_group_ids               = ["sg-1"]    #~ ["sg-2"]
  tags                                 = { Name = "old" } #~ { Name = "new" }

  capacity_reservation_specification {
    capacity_reservation_preference = "open" #~ "none"
  }

  credit_specification {
    cpu_credits = "standard" #~ "unlimited"
  }

  maintenance_options {
    auto_recovery = "default" #~ "disabled"
  }

  metadata_options {
    http_endpoint               = "enabled"  #~ "disabled"
    http_protocol_ipv6          = "enabled"  #~ "disabled"
    http_put_response_hop_limit = 1          #~ 2
    http_tokens                 = "optional" #~ "required"
    instance_metadata_tags      = "enabled"  #~ "disabled"
  }

  private_dns_name_options {
    enable_resource_name_dns_a_record    = true      #~ false
    enable_resource_name_dns_aaaa_record = true      #~ false
    hostname_type                        = "ip-name" #~ "resource-name"
  }
}

resource "aws_instance" "reserved" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_id = "cr-1" #~ "cr-2"
    }
  }
}

resource "aws_instance" "reserved_by_group" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_resource_group_arn = "arn:aws:resource-groups:eu-west-3:123456789012:group/a" #~ "arn:aws:resource-groups:eu-west-3:123456789012:group/b"
    }
  }
}

resource "aws_instance" "architecture" {
  ami           = "ami-1"
  instance_type = "t3.micro" #~ "t4g.micro"
}

resource "aws_instance" "data" {
  ami                         = "ami-1"
  instance_type               = "t3.micro"
  user_data_replace_on_change = true
  user_data                   = "old" #~ "new"
}

resource "aws_instance" "encoded_data" {
  ami                         = "ami-1"
  instance_type               = "t3.micro"
  user_data_replace_on_change = false #~ true
  user_data_base64            = "b2xk" #~ "bmV3"
}

resource "aws_instance" "encoded_data_in_place" {
  ami              = "ami-1"
  instance_type    = "t3.micro"
  user_data_base64 = "b2xk" #~ "bmV3"
}

resource "aws_instance" "no_longer_primary" {
  ami                 = "ami-1"
  instance_type       = "t3.micro"
  enable_primary_ipv6 = true #~ false
  ipv6_address_count  = 1    #~ 2
}

resource "aws_instance" "made_primary" {
  ami                 = "ami-1"
  instance_type       = "t3.micro"
  enable_primary_ipv6 = false #~ true
}

resource "aws_instance" "host_group" {
  ami                     = "ami-1"
  instance_type           = "t3.micro"
  host_resource_group_arn = "arn:aws:resource-groups:eu-west-3:123456789012:group/a" #~ "arn:aws:resource-groups:eu-west-3:123456789012:group/b"
  tenancy                 = "host"
}

resource "aws_instance" "tenancy" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  tenancy       = "host" #~ "dedicated"
}

resource "aws_instance" "first_ephemeral" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #~+ ephemeral_block_device {;;device_name = "/dev/sdb";;virtual_name = "ephemeral0";;}
}

resource "aws_instance" "more_ephemeral" {
  ami           = "ami-1"
  instance_type = "t3.micro"

  ephemeral_block_device {
    device_name  = "/dev/sdb"
    virtual_name = "ephemeral0"
  }

  #~+ ephemeral_block_device {;;device_name = "/dev/sdc";;virtual_name = "ephemeral1";;}
}

resource "aws_instance" "made_spot" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #~+ instance_market_options { market_type = "spot" }
}

resource "aws_instance" "from_a_template_now" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #~+ launch_template { id = "lt-1" }
}

resource "aws_instance" "from_a_template_no_longer" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  launch_template { id = "lt-1" } #~ -
}

resource "aws_instance" "with_enclaves_now" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #~+ enclave_options { enabled = true }
}

resource "aws_instance" "with_options_now" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #~+ cpu_options { core_count = 2 }
}

resource "aws_instance" "with_a_root_now" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #= root_block_device = [{"delete_on_termination": true, "device_name": "/dev/sda1", "encrypted": false, "iops": 3000, "kms_key_id": "", "tags": {}, "tags_all": {}, "throughput": 125, "volume_id": "vol-1", "volume_size": 8, "volume_type": "gp3"}]
  #~+ root_block_device { volume_size = 10 }
}

resource "aws_instance" "with_an_encrypted_root_now" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #= root_block_device = [{"delete_on_termination": true, "device_name": "/dev/sda1", "encrypted": false, "iops": 3000, "kms_key_id": "", "tags": {}, "tags_all": {}, "throughput": 125, "volume_id": "vol-1", "volume_size": 8, "volume_type": "gp3"}]
  #~+ root_block_device { encrypted = true }
}

resource "aws_instance" "with_a_disk_now" {
  ami           = "ami-1"
  instance_type = "t3.micro"
  #~+ ebs_block_device {;;device_name = "/dev/sdf";;volume_size = 3;;}
}
