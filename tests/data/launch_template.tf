terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-west-3"

  default_tags {
    tags = {
      Owner = "test"
    }
  }
}

data "aws_ami" "amazon_linux_2" {
  most_recent = true
  owners      = ["amazon"]

  filter {
    name   = "name"
    values = ["amzn2-ami-hvm-*-x86_64-ebs"]
  }
}

data "aws_ec2_instance_type" "micro" {
  instance_type = "t3.micro"
}

data "aws_availability_zones" "available" {
  state = "available"
}

output "zones" {
  value = data.aws_availability_zones.available.names
}

resource "aws_launch_template" "service" {
  name_prefix   = "web-"
  image_id      = data.aws_ami.amazon_linux_2.id
  instance_type = data.aws_ec2_instance_type.micro.instance_type
  key_name      = "admin"
  user_data     = base64encode("#!/bin/sh\n")
  iam_instance_profile {
    name = "web"
  }
  network_interfaces {
    associate_public_ip_address = true
    security_groups             = ["sg-1", "sg-2"]
  }
  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_type           = "gp3"
      volume_size           = 10
      encrypted             = true
      delete_on_termination = true
    }
  }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    instance_metadata_tags      = "enabled"
    http_put_response_hop_limit = 2
  }
  tags = { Name = "web" }

  update_default_version = true
}

resource "aws_launch_template" "all" {
  name                                 = "all"
  description                          = "All of it"
  disable_api_stop                     = true
  disable_api_termination              = true
  ebs_optimized                        = true
  image_id                             = "ami-12c6146b"
  instance_initiated_shutdown_behavior = "terminate"
  kernel_id                            = "aki-1"
  key_name                             = "admin"
  ram_disk_id                          = "ari-1"
  user_data                            = "eA=="
  vpc_security_group_ids               = ["sg-1", "sg-2"]
  block_device_mappings {
    device_name  = "/dev/sdb"
    virtual_name = "ephemeral0"
  }
  block_device_mappings {
    device_name = "/dev/sdc"
    no_device   = ""
    ebs {
      delete_on_termination      = false
      encrypted                  = true
      iops                       = 4000
      kms_key_id                 = "arn:aws:kms:eu-west-3:123456789012:key/1"
      snapshot_id                = "snap-1"
      throughput                 = 200
      volume_initialization_rate = 150
      volume_size                = 20
      volume_type                = "gp3"
    }
  }
  capacity_reservation_specification {
    capacity_reservation_target {
      capacity_reservation_id = "cr-1"
    }
  }
  cpu_options {
    amd_sev_snp      = "enabled"
    core_count       = 2
    threads_per_core = 1
  }
  credit_specification {
    cpu_credits = "standard"
  }
  elastic_gpu_specifications {
    type = "eg1.medium"
  }
  elastic_inference_accelerator {
    type = "eia1.medium"
  }
  enclave_options {
    enabled = true
  }
  hibernation_options {
    configured = false
  }
  iam_instance_profile {
    arn = "arn:aws:iam::123456789012:instance-profile/web"
  }
  instance_market_options {
    market_type = "spot"
    spot_options {
      block_duration_minutes         = 60
      instance_interruption_behavior = "stop"
      max_price                      = "0.05"
      spot_instance_type             = "persistent"
      valid_until                    = "2030-01-02T15:04:05Z"
    }
  }
  instance_requirements {
    accelerator_manufacturers                        = ["nvidia", "amd"]
    accelerator_names                                = ["t4"]
    accelerator_types                                = ["gpu"]
    allowed_instance_types                           = ["m5.*", "c5.*"]
    bare_metal                                       = "excluded"
    burstable_performance                            = "included"
    cpu_manufacturers                                = ["intel"]
    instance_generations                             = ["current"]
    local_storage                                    = "required"
    local_storage_types                              = ["ssd"]
    on_demand_max_price_percentage_over_lowest_price = 30
    require_hibernate_support                        = true
    spot_max_price_percentage_over_lowest_price      = 40
    accelerator_count {
      max = 0
    }
    accelerator_total_memory_mib {
      min = 1024
      max = 2048
    }
    baseline_ebs_bandwidth_mbps {
      min = 500
    }
    memory_gib_per_vcpu {
      min = 0.5
      max = 8
    }
    memory_mib {
      min = 512
      max = 16384
    }
    network_bandwidth_gbps {
      max = 12.5
    }
    network_interface_count {
      min = 1
      max = 4
    }
    total_local_storage_gb {
      min = 10.5
    }
    vcpu_count {
      min = 2
    }
  }
  license_specification {
    license_configuration_arn = "arn:aws:license-manager:eu-west-3:123456789012:license-configuration:lic-2"
  }
  license_specification {
    license_configuration_arn = "arn:aws:license-manager:eu-west-3:123456789012:license-configuration:lic-1"
  }
  maintenance_options {
    auto_recovery = "disabled"
  }
  metadata_options {
    http_protocol_ipv6 = "enabled"
    http_tokens        = "optional"
  }
  monitoring {
    enabled = true
  }
  network_interfaces {
    associate_carrier_ip_address = false
    associate_public_ip_address  = "false"
    delete_on_termination        = true
    description                  = "first"
    interface_type               = "efa"
    ipv4_addresses               = ["10.0.0.5", "10.0.0.6"]
    ipv4_prefixes                = ["10.0.1.0/28"]
    ipv6_addresses               = ["2001:db8::1"]
    ipv6_prefixes                = ["2001:db8:1::/80"]
    network_interface_id         = "eni-1"
    primary_ipv6                 = true
    private_ip_address           = "10.0.0.5"
    security_groups              = ["sg-2", "sg-1"]
    subnet_id                    = "subnet-1"
    connection_tracking_specification {
      tcp_established_timeout = 3600
      udp_stream_timeout      = 120
      udp_timeout             = 45
    }
    ena_srd_specification {
      ena_srd_enabled = true
      ena_srd_udp_specification {
        ena_srd_udp_enabled = true
      }
    }
  }
  network_interfaces {
    device_index       = 1
    ipv4_address_count = 2
    ipv4_prefix_count  = 1
    ipv6_address_count = 3
    ipv6_prefix_count  = 1
    network_card_index = 1
  }
  placement {
    affinity          = "host"
    availability_zone = "eu-west-3a"
    group_name        = "group"
    host_id           = "h-1"
    partition_number  = 3
    spread_domain     = "rack"
    tenancy           = "host"
  }
  private_dns_name_options {
    enable_resource_name_dns_a_record    = true
    enable_resource_name_dns_aaaa_record = false
    hostname_type                        = "resource-name"
  }
  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "web" }
  }
  tag_specifications {
    resource_type = "volume"
    tags          = { Name = "disk" }
  }
}

resource "aws_launch_template" "bare" {
  description = "Nothing in it"
}
