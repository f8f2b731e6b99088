//! Every AWS type against a real local AWS: made, read, changed in each attribute that can be changed, deleted. What
//! recon says is held against what the SDK's own clients read back.

#[path = "../support/mod.rs"]
mod support;

mod auto_scaling_groups;
mod auto_scaling_policies;
mod bucket_lifecycles;
mod bucket_policies;
mod bucket_settings;
mod buckets;
mod connections;
mod dashboards;
mod data_sources;
mod eips;
mod iam_data_sources;
mod iam_instance_profiles;
mod iam_open_id_connect_providers;
mod iam_policies;
mod iam_role_policies;
mod iam_roles;
mod instances;
mod key_pairs;
mod launch_templates;
mod listener_rules;
mod log_groups;
mod metric_alarms;
mod nat_gateways;
mod networks;
mod offers;
mod parameters;
mod routes;
mod scalable_targets;
mod scaling_policies;
mod security_group_rules;
mod security_groups;
mod streams;
mod subject;
mod table_items;
mod tables;
mod target_group_attachments;
mod vpc_security_group_rules;
