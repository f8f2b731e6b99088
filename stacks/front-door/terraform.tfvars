# Example values. The VPC, the subnets, the allow-list, the SSH key and everything of Snowflake are
# placeholders: put your own before the first apply. variables.tf says what each input is.

# Where, and under which names
aws_region               = "eu-west-3"
prefix                   = "sp-scalable"
vpc_id                   = "vpc-00000000"
public_subnet_ids        = ["subnet-00000000", "subnet-00000001"]
iam_permissions_boundary = ""

# Who may log in to the instances. The range is deliberately no valid one, so that nothing is
# opened to the world by oversight.
ssh_public_key   = "ssh-rsa REPLACE-WITH-THE-LINE-FROM-YOUR-.pub-FILE you@example.com"
ssh_ip_allowlist = ["999.999.999.999/32"]

# Where the events are loaded
snowflake_account_url        = "https://organisation-account.snowflakecomputing.com"
snowflake_loader_user        = "SNOWPLOW_LOADER"
snowflake_loader_private_key = <<EOT
-----BEGIN PRIVATE KEY-----
REPLACE WITH THE PRIVATE KEY OF THE LOADER USER
-----END PRIVATE KEY-----
EOT
snowflake_database           = "SNOWPLOW"
snowflake_schema             = "ATOMIC"

# Scale: PROVISIONED or ON_DEMAND
kinesis_stream_mode_details = "PROVISIONED"

# Scale: tables of the stream consumers
dyndb_kcl_read_min_capacity  = 1
dyndb_kcl_read_max_capacity  = 1
dyndb_kcl_write_min_capacity = 1
dyndb_kcl_write_max_capacity = 1

# Scale: instances
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

# Telemetry
telemetry_enabled = true
user_provided_id  = ""
