# Copy this file to terraform.tfvars and put your own values into it.
aws_region = "eu-west-3"
prefix     = "sp-scalable"

vpc_id            = "vpc-00000000"
public_subnet_ids = ["subnet-00000000", "subnet-00000001"]

ssh_ip_allowlist = ["999.999.999.999/32"]
ssh_public_key   = "ssh-rsa REPLACE-ME nobody@example.com"

iam_permissions_boundary = ""
telemetry_enabled        = true
user_provided_id         = ""

kinesis_stream_mode_details = "PROVISIONED"

dyndb_kcl_read_min_capacity  = 1
dyndb_kcl_read_max_capacity  = 1
dyndb_kcl_write_min_capacity = 1
dyndb_kcl_write_max_capacity = 1

ec2_enable_auto_scaling = false

ec2_collector_instance_type = "t3a.micro"
ec2_collector_min_size      = 1
ec2_collector_max_size      = 1

ec2_enrich_instance_type = "t3a.small"
ec2_enrich_min_size      = 1
ec2_enrich_max_size      = 1

ec2_sf_loader_instance_type = "t3a.micro"
ec2_sf_loader_min_size      = 1
ec2_sf_loader_max_size      = 1

snowflake_account_url        = "https://account.example.com"
snowflake_loader_user        = "LOADER"
snowflake_loader_private_key = <<EOT
-----BEGIN PRIVATE KEY-----
confidential-key-material
-----END PRIVATE KEY-----
EOT
snowflake_database           = "EVENTS"
snowflake_schema             = "ATOMIC"
