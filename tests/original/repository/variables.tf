variable "aws_region" {
  description = "Where everything is made"
  type        = string
}

variable "prefix" {
  description = "What all names begin with"
  type        = string
}

variable "vpc_id" {
  type = string
}

variable "public_subnet_ids" {
  type = list(string)
}

variable "ssh_ip_allowlist" {
  description = "Ranges of addresses that may log in"
  type        = list(any)
}

variable "ssh_public_key" {
  type = string
}

variable "iam_permissions_boundary" {
  type    = string
  default = ""
}

variable "telemetry_enabled" {
  type    = bool
  default = true
}

variable "user_provided_id" {
  type    = string
  default = ""
}

variable "kinesis_stream_mode_details" {
  description = "PROVISIONED or ON_DEMAND"
  type        = string
}

variable "dyndb_kcl_read_min_capacity" {
  type = number
}

variable "dyndb_kcl_read_max_capacity" {
  type = number
}

variable "dyndb_kcl_write_min_capacity" {
  type = number
}

variable "dyndb_kcl_write_max_capacity" {
  type = number
}

variable "ec2_enable_auto_scaling" {
  type = bool
}

variable "ec2_collector_instance_type" {
  type = string
}

variable "ec2_collector_min_size" {
  type = number
}

variable "ec2_collector_max_size" {
  type = number
}

variable "ec2_enrich_instance_type" {
  type = string
}

variable "ec2_enrich_min_size" {
  type = number
}

variable "ec2_enrich_max_size" {
  type = number
}

variable "ec2_sf_loader_instance_type" {
  type = string
}

variable "ec2_sf_loader_min_size" {
  type = number
}

variable "ec2_sf_loader_max_size" {
  type = number
}

variable "snowflake_account_url" {
  type = string
}

variable "snowflake_loader_user" {
  type = string
}

variable "snowflake_loader_private_key" {
  type      = string
  sensitive = true
}

variable "snowflake_database" {
  type = string
}

variable "snowflake_schema" {
  type = string
}
