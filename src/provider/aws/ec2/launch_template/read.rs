//! Reading launch templates, many at once: the content of each one's latest version.

use crate::provider::aws::together::{self, together};
use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ec2::types::{LaunchTemplate, LaunchTemplateVersion};

use super::content;
use super::schema::SCHEMA;
use crate::lang::value::Value;
use crate::provider::aws::Aws;
use crate::provider::aws::ec2::network::{describe, filled};
use crate::provider::aws::ec2::tag_pairs;
use crate::provider::aws::errors::failed;
use crate::provider::aws::names;
use crate::provider::object;
use crate::provider::{ErrorKind, OperationError, ReadRequest, ReadResult};

/// How many templates or versions a page holds at most (EC2 API reference, DescribeLaunchTemplateVersions).
const PAGE: i32 = 200;

/// How many ids a call takes.
const IDS: usize = 200;

/// Up to this many templates are asked for one by one: from there on it is cheaper to list the latest versions of all,
/// which takes a call for every [`PAGE`] of the account's templates.
const ONE_BY_ONE: usize = 2;

/// The version that is read.
const LATEST: &str = "$Latest";

/// A template with its latest version.
struct Live {
    template: LaunchTemplate,
    version: LaunchTemplateVersion,
}

pub(super) async fn read(aws: &Aws, requests: &[ReadRequest]) -> Result<Vec<ReadResult>, OperationError> {
    let (by_id, by_name): (Vec<_>, Vec<_>) =
        requests.iter().partition(|request| filled(&request.known, "id").is_some());
    let names: BTreeSet<&str> = by_name.iter().filter_map(|request| filled(&request.known, "name")).collect();
    let ids: BTreeSet<&str> = by_id.iter().filter_map(|request| filled(&request.known, "id")).collect();
    let (templates, named, account) = together!(templates(aws, &ids), named(aws, names), aws.account_id())?;
    let mut templates = describe::by(templates, LaunchTemplate::launch_template_id);
    templates.extend(describe::by(named, LaunchTemplate::launch_template_id));
    let versions = versions(aws, templates.keys().map(String::as_str).collect()).await?;
    let mut versions = describe::by(versions, LaunchTemplateVersion::launch_template_id);
    let mut found: BTreeMap<String, Live> = BTreeMap::new();
    let mut ids_of_names: BTreeMap<String, String> = BTreeMap::new();
    for (id, template) in templates {
        if let Some(version) = versions.remove(&id) {
            if let Some(name) = template.launch_template_name.clone() {
                ids_of_names.insert(name, id.clone());
            }
            found.insert(id, Live { template, version });
        }
    }
    let answer = |request: &ReadRequest| {
        let known = &request.known;
        let id = filled(known, "id")
            .or_else(|| filled(known, "name").and_then(|name| ids_of_names.get(name)).map(String::as_str));
        match id.and_then(|id| found.get(id)) {
            Some(live) => ReadResult::Found(object(aws, account, live, known)),
            None => ReadResult::Missing,
        }
    };
    Ok(requests.iter().map(answer).collect())
}

/// The templates of these ids; one that does not exist is left out. A call that names one which does not exist fails
/// as a whole: then all templates are listed, or the only one is missing.
async fn templates(aws: &Aws, ids: &BTreeSet<&str>) -> Result<Vec<LaunchTemplate>, OperationError> {
    let all: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
    let calls = all.chunks(IDS).map(|chunk| async {
        let call = aws.ec2().describe_launch_templates().set_launch_template_ids(Some(chunk.to_vec()));
        let found: Result<Vec<_>, _> = call.into_paginator().items().send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeLaunchTemplates", error))
    });
    match together::all(calls).await {
        Ok(found) => Ok(found.into_iter().flatten().collect()),
        Err(error) if error.kind == ErrorKind::NotFound && all.len() == 1 => Ok(Vec::new()),
        Err(error) if error.kind == ErrorKind::NotFound => {
            let call = aws.ec2().describe_launch_templates().max_results(PAGE);
            let found: Result<Vec<_>, _> = call.into_paginator().items().send().try_collect().await;
            let mut found: Vec<LaunchTemplate> =
                found.map_err(|error| failed("ec2:DescribeLaunchTemplates", error))?;
            found.retain(|template| template.launch_template_id().is_some_and(|id| ids.contains(id)));
            Ok(found)
        }
        Err(error) => Err(error),
    }
}

/// The templates of these names, by a filter, which does not fail for one that does not exist.
async fn named(aws: &Aws, names: BTreeSet<&str>) -> Result<Vec<LaunchTemplate>, OperationError> {
    describe::all("launch-template-name", names, &[], |filters| async {
        let pages = aws.ec2().describe_launch_templates().set_filters(Some(filters)).into_paginator();
        let found: Result<Vec<_>, _> = pages.items().send().try_collect().await;
        found.map_err(|error| failed("ec2:DescribeLaunchTemplates", error))
    })
    .await
}

/// The latest versions of these templates. One that has gone meanwhile is left out.
async fn versions(aws: &Aws, ids: BTreeSet<&str>) -> Result<Vec<LaunchTemplateVersion>, OperationError> {
    if ids.len() > ONE_BY_ONE {
        return latest_of_all(aws, ids).await;
    }
    let calls = ids.into_iter().map(|id| async move {
        let call = aws.ec2().describe_launch_template_versions().launch_template_id(id).versions(LATEST);
        match call.send().await.map_err(|error| failed("ec2:DescribeLaunchTemplateVersions", error)) {
            Ok(answer) => Ok(answer.launch_template_versions.unwrap_or_default()),
            Err(error) if error.kind == ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    });
    Ok(together::all(calls).await?.into_iter().flatten().collect())
}

/// The latest versions of the account's templates, page by page, until all that are sought are found.
async fn latest_of_all(
    aws: &Aws,
    mut sought: BTreeSet<&str>,
) -> Result<Vec<LaunchTemplateVersion>, OperationError> {
    let call = aws.ec2().describe_launch_template_versions().versions(LATEST).max_results(PAGE);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::with_capacity(sought.len());
    while !sought.is_empty() {
        let Some(page) = pages.next().await else { break };
        let page = page.map_err(|error| failed("ec2:DescribeLaunchTemplateVersions", error))?;
        let versions = page.launch_template_versions.unwrap_or_default().into_iter();
        found.extend(versions.filter(|one| one.launch_template_id().is_some_and(|id| sought.remove(id))));
    }
    Ok(found)
}

fn object(aws: &Aws, account: &str, live: &Live, known: &Value) -> Value {
    let schema = &SCHEMA.block;
    let Live { template, version } = live;
    let id = template.launch_template_id().unwrap_or_default();
    let name = template.launch_template_name().unwrap_or_default();
    let arn = format!("arn:{}:ec2:{}:{account}:launch-template/{id}", aws.partition().id, aws.region);
    let own = [
        ("id", Value::string(id)),
        ("arn", Value::string(arn)),
        ("default_version", object::integer(template.default_version_number())),
        ("description", object::text(version.version_description())),
        // The content is of this version, whatever the other call saw.
        ("latest_version", object::integer(version.version_number())),
        ("name", Value::string(name)),
        ("name_prefix", Value::string(names::prefix_of(name))),
        ("tags_all", aws.tags.live(tag_pairs(template.tags()))),
    ];
    let content =
        version.launch_template_data().map(|data| content::entries(data, known)).unwrap_or_default();
    schema.object(own.into_iter().chain(content))
}
