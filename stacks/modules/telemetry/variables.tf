variable "user_provided_id" {
  description = "An identifier of the user's own; empty for none"
  type        = string
  default     = ""
}

variable "region" {
  description = "AWS region of the pipeline"
  type        = string
}

variable "module_name" {
  description = "Name of the module that reports"
  type        = string
}

variable "module_version" {
  description = "Version of the module that reports"
  type        = string
}

variable "app_name" {
  description = "Application that the module runs"
  type        = string
}

variable "app_version" {
  description = "Version of that application"
  type        = string
}

variable "collector_uri" {
  description = "Host of the collector that takes the events"
  type        = string
  default     = "telemetry-g.snowplowanalytics.com"
}

variable "tracker_app_id" {
  description = "Application id under which the events are sent"
  type        = string
  default     = "terraform-oss-modules"
}
