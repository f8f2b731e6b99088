terraform {
  required_version = ">= 1.5.7"

  required_providers {
    random = {
      source  = "hashicorp/random"
      version = ">= 3.1.0"
    }

    snowplow = {
      source  = "snowplow-devops/snowplow"
      version = ">= 0.4.0"
    }
  }
}
