# Where, and under which names

variable "aws_region" {
  description = "AWS region that holds the whole pipeline"
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "A region is written like eu-west-3."
  }
}

variable "prefix" {
  description = "First part of the name of everything the pipeline makes; choose one that nobody else in the account uses"
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9][a-zA-Z0-9-]{0,18}$", var.prefix)) && !startswith(var.prefix, "internal-")
    error_message = "The prefix has at most 19 letters, digits and hyphens, begins with a letter or digit and not with \"internal-\": the load balancer is named after it, and AWS allows no more."
  }
}

variable "vpc_id" {
  description = "VPC to place the pipeline in; the default VPC of the account will do"
  type        = string

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.vpc_id))
    error_message = "A VPC id is written like vpc-0a1b2c3d4e5f67890."
  }
}

variable "public_subnet_ids" {
  description = "Public subnets of that VPC, in two availability zones or more, for the load balancer and the instances"
  type        = list(string)

  validation {
    condition     = length(distinct(var.public_subnet_ids)) >= 2
    error_message = "The load balancer needs two subnets or more, each in another availability zone."
  }

  validation {
    condition     = alltrue([for id in var.public_subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "A subnet id is written like subnet-0a1b2c3d4e5f67890."
  }
}

variable "iam_permissions_boundary" {
  description = "ARN of the policy that bounds every IAM role of the pipeline; empty for no boundary"
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = var.iam_permissions_boundary == "" || can(regex("^arn:[a-z-]+:iam::([0-9]{12}|aws):policy/", var.iam_permissions_boundary))
    error_message = "A permissions boundary is the ARN of an IAM policy, or empty."
  }
}

# Who may log in to the instances

variable "ssh_public_key" {
  description = "Public half of the key pair that opens the instances, in OpenSSH's one-line form"
  type        = string
}

variable "ssh_ip_allowlist" {
  description = "IPv4 ranges, in CIDR notation, that may open SSH connections to the instances"
  type        = list(any)

  validation {
    condition     = alltrue([for range in var.ssh_ip_allowlist : can(cidrnetmask(range))])
    error_message = "Not an IPv4 range in CIDR notation: ${join(", ", [for range in var.ssh_ip_allowlist : format("%v", range) if !can(cidrnetmask(range))])}. List the addresses you connect from, such as 198.51.100.7/32."
  }
}

# Where the events are loaded

variable "snowflake_account_url" {
  description = "URL of the Snowflake account, such as https://organisation-account.snowflakecomputing.com"
  type        = string
}

variable "snowflake_loader_user" {
  description = "Snowflake user that the loader signs in as"
  type        = string
}

variable "snowflake_loader_private_key" {
  description = "Private key of that user, as PEM text"
  type        = string
  sensitive   = true
}

variable "snowflake_database" {
  description = "Snowflake database that receives the events"
  type        = string
}

variable "snowflake_schema" {
  description = "Schema of that database that holds the events table"
  type        = string
}

# Scale: streams

variable "kinesis_stream_mode_details" {
  description = "How the streams get their throughput: PROVISIONED (one shard each) or ON_DEMAND (AWS adds and removes shards)"
  type        = string

  validation {
    condition     = contains(["PROVISIONED", "ON_DEMAND"], var.kinesis_stream_mode_details)
    error_message = "The stream mode is PROVISIONED or ON_DEMAND."
  }
}

# Scale: tables of the stream consumers

variable "dyndb_kcl_read_min_capacity" {
  description = "Fewest read units of each table in which stream consumers keep their positions"
  type        = number

  validation {
    condition     = var.dyndb_kcl_read_min_capacity >= 1 && floor(var.dyndb_kcl_read_min_capacity) == var.dyndb_kcl_read_min_capacity
    error_message = "A capacity is a whole number of at least 1."
  }
}

variable "dyndb_kcl_read_max_capacity" {
  description = "Most read units of each table in which stream consumers keep their positions"
  type        = number

  validation {
    condition     = var.dyndb_kcl_read_max_capacity >= 1 && floor(var.dyndb_kcl_read_max_capacity) == var.dyndb_kcl_read_max_capacity
    error_message = "A capacity is a whole number of at least 1."
  }
}

variable "dyndb_kcl_write_min_capacity" {
  description = "Fewest write units of each table in which stream consumers keep their positions"
  type        = number

  validation {
    condition     = var.dyndb_kcl_write_min_capacity >= 1 && floor(var.dyndb_kcl_write_min_capacity) == var.dyndb_kcl_write_min_capacity
    error_message = "A capacity is a whole number of at least 1."
  }
}

variable "dyndb_kcl_write_max_capacity" {
  description = "Most write units of each table in which stream consumers keep their positions"
  type        = number

  validation {
    condition     = var.dyndb_kcl_write_max_capacity >= 1 && floor(var.dyndb_kcl_write_max_capacity) == var.dyndb_kcl_write_max_capacity
    error_message = "A capacity is a whole number of at least 1."
  }
}

# Scale: instances

variable "ec2_enable_auto_scaling" {
  description = "Whether services add and remove instances as their CPU load changes"
  type        = bool
}

variable "ec2_collector_instance_type" {
  description = "Instance type of the collector"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.ec2_collector_instance_type))
    error_message = "An instance type is written like t3a.micro."
  }
}

variable "ec2_collector_min_size" {
  description = "Fewest instances of the collector"
  type        = number

  validation {
    condition     = var.ec2_collector_min_size >= 0 && floor(var.ec2_collector_min_size) == var.ec2_collector_min_size
    error_message = "A number of instances is a whole number of at least 0."
  }
}

variable "ec2_collector_max_size" {
  description = "Most instances of the collector"
  type        = number

  validation {
    condition     = var.ec2_collector_max_size >= 0 && floor(var.ec2_collector_max_size) == var.ec2_collector_max_size
    error_message = "A number of instances is a whole number of at least 0."
  }
}

variable "ec2_enrich_instance_type" {
  description = "Instance type of enrich"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.ec2_enrich_instance_type))
    error_message = "An instance type is written like t3a.micro."
  }
}

variable "ec2_enrich_min_size" {
  description = "Fewest instances of enrich"
  type        = number

  validation {
    condition     = var.ec2_enrich_min_size >= 0 && floor(var.ec2_enrich_min_size) == var.ec2_enrich_min_size
    error_message = "A number of instances is a whole number of at least 0."
  }
}

variable "ec2_enrich_max_size" {
  description = "Most instances of enrich"
  type        = number

  validation {
    condition     = var.ec2_enrich_max_size >= 0 && floor(var.ec2_enrich_max_size) == var.ec2_enrich_max_size
    error_message = "A number of instances is a whole number of at least 0."
  }
}

variable "ec2_sf_loader_instance_type" {
  description = "Instance type of the Snowflake loader"
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", var.ec2_sf_loader_instance_type))
    error_message = "An instance type is written like t3a.micro."
  }
}

variable "ec2_sf_loader_min_size" {
  description = "Fewest instances of the Snowflake loader"
  type        = number

  validation {
    condition     = var.ec2_sf_loader_min_size >= 0 && floor(var.ec2_sf_loader_min_size) == var.ec2_sf_loader_min_size
    error_message = "A number of instances is a whole number of at least 0."
  }
}

variable "ec2_sf_loader_max_size" {
  description = "Most instances of the Snowflake loader"
  type        = number

  validation {
    condition     = var.ec2_sf_loader_max_size >= 0 && floor(var.ec2_sf_loader_max_size) == var.ec2_sf_loader_max_size
    error_message = "A number of instances is a whole number of at least 0."
  }
}

# Telemetry

variable "telemetry_enabled" {
  description = "Whether the pipeline tells Snowplow that it was created, updated or destroyed"
  type        = bool
  default     = true
  nullable    = false
}

variable "user_provided_id" {
  description = "An identifier of your own for those events; empty for a random one"
  type        = string
  default     = ""
  nullable    = false
}
