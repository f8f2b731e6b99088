//! Every AWS type against a real local AWS: made, read, changed in each attribute that can be changed, deleted. What
//! recon says is held against what the SDK's own clients read back.

#[path = "../support/mod.rs"]
mod support;

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
mod log_groups;
mod nat_gateways;
mod networks;
mod routes;
mod security_group_rules;
mod security_groups;
mod streams;
mod subject;
mod vpc_security_group_rules;
