provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

resource "aws_launch_template" "server" {
  name                                 = "server"
  description                          = "A server" #~ "Another server"
  disable_api_stop                     = true #~ false
  disable_api_termination              = true #~ -
  ebs_optimized                        = "true" #~ "false"
  image_id                             = "ami-1" #~ "ami-2"
  instance_initiated_shutdown_behavior = "terminate" #~ "stop"
  instance_type                        = "t3.micro" #~ "t3.small"
  kernel_id                            = "aki-1" #~ "aki-2"
  key_name                             = "admin" #~ "other"
  ram_disk_id                          = "ari-1" #~ -
  user_data                            = "b25l" #~ "dHdv"
  vpc_security_group_ids               = ["sg-1"] #~ ["sg-1", "sg-2"]

  tags = {
    Name = "server" #~ "renamed"
    #~+ Added = "by hand"
  }

  # By now there are more versions.
  default_version = 1 #~ 2
}

resource "aws_launch_template" "disks" {
  name = "disks"
  block_device_mappings {
    device_name  = "/dev/sdb" #~ "/dev/sdc"
    virtual_name = "ephemeral0" #~ "ephemeral1"
  }

  block_device_mappings {
    device_name = "/dev/sdd"
    ebs {
      delete_on_termination      = true #~ false
      encrypted                  = true #~ false
      iops                       = 4000 #~ 5000
      kms_key_id                 = "arn:aws:kms:eu-west-3:123456789012:key/1" #~ "arn:aws:kms:eu-west-3:123456789012:key/2"
      snapshot_id                = "snap-1" #~ "snap-2"
      throughput                 = 200 #~ 300
      volume_initialization_rate = 150 #~ 200
      volume_size                = 20 #~ 30
      volume_type                = "gp3"
    }
  }

  block_device_mappings {
    device_name = "/dev/sde"
    no_device   = "" #~ "x"
  }

  block_device_mappings {
    device_name = "/dev/sdf"
    ebs {
      volume_size = 10
      volume_type = "gp2" #~ "st1"
    }
  }
}

resource "aws_launch_template" "options" {
  name = "options"
  capacity_reservation_specification {
    capacity_reservation_preference = "open" #~ "none"
  }

  cpu_options {
    amd_sev_snp      = "enabled" #~ "disabled"
    core_count       = 2 #~ 4
    threads_per_core = 1 #~ 2
  }

  credit_specification {
    cpu_credits = "standard" #~ "unlimited"
  }

  elastic_gpu_specifications {
    type = "eg1.medium" #~ "eg1.large"
  }

  elastic_inference_accelerator {
    type = "eia1.medium" #~ "eia1.large"
  }

  enclave_options {
    enabled = true #~ false
  }

  hibernation_options {
    configured = true #~ false
  }

  iam_instance_profile {
    name = "web" #~ "other"
  }

  license_specification {
    license_configuration_arn = "arn:aws:license-manager:eu-west-3:123456789012:license-configuration:lic-1" #~ "arn:aws:license-manager:eu-west-3:123456789012:license-configuration:lic-2"
  }
}

resource "aws_launch_template" "market" {
  name                 = "market"
  security_group_names = ["one"] #~ ["two"]
  instance_market_options {
    market_type = "spot"
    spot_options {
      block_duration_minutes         = 60 #~ 120
      instance_interruption_behavior = "stop" #~ "hibernate"
      max_price                      = "0.05" #~ "0.06"
      spot_instance_type             = "persistent" #~ "one-time"
      valid_until                    = "2030-01-02T15:04:05Z" #~ "2031-01-02T15:04:05Z"
    }
  }

  maintenance_options {
    auto_recovery = "disabled" #~ "default"
  }

  metadata_options {
    http_endpoint               = "enabled" #~ "disabled"
    http_protocol_ipv6          = "enabled" #~ "disabled"
    http_put_response_hop_limit = 2 #~ 3
    http_tokens                 = "required" #~ "optional"
    instance_metadata_tags      = "enabled" #~ "disabled"
  }

  monitoring {
    enabled = true #~ false
  }
}

resource "aws_launch_template" "places" {
  name = "places"
  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_id = "cr-1" #~ "cr-2"
    }
  }

  iam_instance_profile {
    arn = "arn:aws:iam::123456789012:instance-profile/web" #~ "arn:aws:iam::123456789012:instance-profile/other"
  }

  instance_market_options {
    market_type = "spot" #~ "capacity-block"
  }

  placement {
    affinity          = "host" #~ "default"
    availability_zone = "eu-west-3a" #~ "eu-west-3b"
    group_name        = "one" #~ "two"
    host_id           = "h-1" #~ "h-2"
    partition_number  = 3 #~ 4
    spread_domain     = "one" #~ "two"
    tenancy           = "host" #~ "dedicated"
  }

  private_dns_name_options {
    enable_resource_name_dns_a_record    = true #~ false
    enable_resource_name_dns_aaaa_record = true #~ false
    hostname_type                        = "resource-name" #~ "ip-name"
  }

  tag_specifications {
    resource_type = "instance" #~ "volume"
    tags          = { Name = "web" } #~ { Name = "other" }
  }
}

resource "aws_launch_template" "groups" {
  name = "groups"
  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_resource_group_arn = "arn:aws:resource-groups:eu-west-3:123456789012:group/one" #~ "arn:aws:resource-groups:eu-west-3:123456789012:group/two"
    }
  }

  placement {
    host_resource_group_arn = "arn:aws:resource-groups:eu-west-3:123456789012:group/one" #~ "arn:aws:resource-groups:eu-west-3:123456789012:group/two"
  }

  instance_requirements {
    excluded_instance_types                                 = ["m5.*"] #~ ["m5.*", "c5.*"]
    max_spot_price_as_percentage_of_optimal_on_demand_price = 40 #~ 50
    memory_mib {
      min = 512
    }
    vcpu_count {
      min = 2
    }
  }
}

resource "aws_launch_template" "requirements" {
  name = "requirements"
  instance_requirements {
    accelerator_manufacturers                        = ["nvidia"] #~ ["amd"]
    accelerator_names                                = ["t4"] #~ ["k80"]
    accelerator_types                                = ["gpu"] #~ ["fpga"]
    allowed_instance_types                           = ["m5.*"] #~ ["c5.*"]
    bare_metal                                       = "excluded" #~ "included"
    burstable_performance                            = "included" #~ "required"
    cpu_manufacturers                                = ["intel"] #~ ["amd"]
    instance_generations                             = ["current"] #~ ["previous"]
    local_storage                                    = "required" #~ "excluded"
    local_storage_types                              = ["ssd"] #~ ["hdd"]
    on_demand_max_price_percentage_over_lowest_price = 30 #~ 40
    require_hibernate_support                        = true #~ false
    spot_max_price_percentage_over_lowest_price      = 40 #~ 50
    memory_mib {
      min = 512
    }
    vcpu_count {
      min = 2
    }
  }
}

resource "aws_launch_template" "ranges" {
  name = "ranges"
  instance_requirements {
    accelerator_count {
      min = 1 #~ 2
      max = 4 #~ 8
    }
    accelerator_total_memory_mib {
      min = 1024 #~ 512
      max = 2048 #~ 4096
    }
    baseline_ebs_bandwidth_mbps {
      min = 500 #~ 600
      max = 1000 #~ 2000
    }
    memory_gib_per_vcpu {
      min = 0.5 #~ 1
      max = 8 #~ 16
    }
    memory_mib {
      min = 512 #~ 1024
      max = 16384 #~ 32768
    }
    network_bandwidth_gbps {
      min = 1 #~ 1.5
      max = 12.5 #~ 25
    }
    network_interface_count {
      min = 1 #~ 2
      max = 4 #~ 5
    }
    total_local_storage_gb {
      min = 10.5 #~ 11
      max = 100 #~ 200
    }
    vcpu_count {
      min = 2 #~ 4
      max = 8 #~ 16
    }
  }
}

resource "aws_launch_template" "networks" {
  name = "networks"
  network_interfaces {
    associate_carrier_ip_address = true #~ false
    associate_public_ip_address  = true #~ false
    delete_on_termination        = true #~ false
    description                  = "first" #~ "second"
    interface_type               = "efa" #~ "interface"
    ipv4_addresses               = ["10.0.0.5", "10.0.0.6"] #~ ["10.0.0.5", "10.0.0.7"]
    ipv4_prefixes                = ["10.0.1.0/28"] #~ ["10.0.2.0/28"]
    ipv6_addresses               = ["2001:db8::1"] #~ ["2001:db8::2"]
    ipv6_prefixes                = ["2001:db8:1::/80"] #~ ["2001:db8:2::/80"]
    primary_ipv6                 = true #~ false
    private_ip_address           = "10.0.0.5"
    security_groups              = ["sg-1"] #~ ["sg-1", "sg-2"]
    subnet_id                    = "subnet-1" #~ "subnet-2"
  }
}

resource "aws_launch_template" "interfaces" {
  name = "interfaces"
  network_interfaces {
    network_interface_id = "eni-1" #~ "eni-2"
    connection_tracking_specification {
      tcp_established_timeout = 3600 #~ 7200
      udp_stream_timeout      = 120 #~ 180
      udp_timeout             = 45 #~ 60
    }
    ena_srd_specification {
      ena_srd_enabled = true #~ false
      ena_srd_udp_specification {
        ena_srd_udp_enabled = true #~ false
      }
    }
  }

  network_interfaces {
    device_index       = 1 #~ 2
    ipv4_address_count = 2 #~ 3
    ipv4_prefix_count  = 1 #~ 2
    ipv6_address_count = 3 #~ 4
    ipv6_prefix_count  = 1 #~ 2
    network_card_index = 1 #~ 2
    private_ip_address = "10.0.0.5" #~ "10.0.0.6"
  }
}
