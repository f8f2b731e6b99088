//! Conditions of rules, between values and what the service takes and answers.

use aws_sdk_elasticloadbalancingv2::types::{
    HostHeaderConditionConfig, HttpHeaderConditionConfig, HttpRequestMethodConditionConfig,
    PathPatternConditionConfig, QueryStringConditionConfig, QueryStringKeyValuePair, RuleCondition,
    SourceIpConditionConfig,
};

use super::schema::{SCHEMA, VALUED};
use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks;
use crate::provider::object::{self, Object};

const QUERY: &str = "query-string";

/// The conditions of a known object.
pub fn expand(object: &Value) -> Vec<RuleCondition> {
    object.blocks("condition").iter().filter_map(one).collect()
}

fn one(condition: &Value) -> Option<RuleCondition> {
    let queries = condition.blocks("query_string");
    if !queries.is_empty() {
        let pairs = queries.iter().map(|pair| {
            let key = blocks::filled(pair.text("key")).map(str::to_owned);
            QueryStringKeyValuePair::builder()
                .set_key(key)
                .set_value(pair.text("value").map(str::to_owned))
                .build()
        });
        let config = QueryStringConditionConfig::builder().set_values(Some(pairs.collect())).build();
        return Some(RuleCondition::builder().field(QUERY).query_string_config(config).build());
    }
    let (field, block) = VALUED.iter().find_map(|(field, name)| Some((*field, condition.block(name)?)))?;
    let values = Some(block.texts("values"));
    let made = RuleCondition::builder().field(field);
    let made = match field {
        "host-header" => {
            made.host_header_config(HostHeaderConditionConfig::builder().set_values(values).build())
        }
        "http-header" => {
            let name = block.text("http_header_name").map(str::to_owned);
            let config = HttpHeaderConditionConfig::builder().set_http_header_name(name).set_values(values);
            made.http_header_config(config.build())
        }
        "http-request-method" => {
            let config = HttpRequestMethodConditionConfig::builder().set_values(values);
            made.http_request_method_config(config.build())
        }
        "path-pattern" => {
            made.path_pattern_config(PathPatternConditionConfig::builder().set_values(values).build())
        }
        _ => made.source_ip_config(SourceIpConditionConfig::builder().set_values(values).build()),
    };
    Some(made.build())
}

/// The attribute `condition` of a live rule.
pub fn flatten(conditions: &[RuleCondition]) -> Value {
    blocks::holding(&SCHEMA.block, "condition", conditions.iter().map(live).collect())
}

fn live(condition: &RuleCondition) -> Value {
    let schema = blocks::inner(&SCHEMA.block, "condition");
    let field = condition.field().unwrap_or_default();
    if field == QUERY {
        let pairs = condition.query_string_config().map(QueryStringConditionConfig::values);
        let pairs = pairs.unwrap_or_default().iter().map(|pair| {
            blocks::inner(schema, "query_string").object([
                ("key", Value::string(pair.key().unwrap_or_default())),
                ("value", Value::string(pair.value().unwrap_or_default())),
            ])
        });
        return schema.object([("query_string", blocks::holding(schema, "query_string", pairs.collect()))]);
    }
    let Some((_, name)) = VALUED.iter().find(|(known, _)| *known == field) else {
        // What a later service may have is shown as a condition that equals none.
        return schema.object([]);
    };
    let values = match field {
        "host-header" => condition.host_header_config().map(HostHeaderConditionConfig::values),
        "http-header" => condition.http_header_config().map(HttpHeaderConditionConfig::values),
        "http-request-method" => {
            condition.http_request_method_config().map(HttpRequestMethodConditionConfig::values)
        }
        "path-pattern" => condition.path_pattern_config().map(PathPatternConditionConfig::values),
        _ => condition.source_ip_config().map(SourceIpConditionConfig::values),
    };
    // Rules of old times have their values beside the configuration.
    let values = values.filter(|values| !values.is_empty()).unwrap_or(condition.values());
    let mut given = vec![("values", object::text_set(values))];
    if field == "http-header" {
        let header = condition.http_header_config().and_then(HttpHeaderConditionConfig::http_header_name);
        given.push(("http_header_name", object::text(header)));
    }
    schema.object([(*name, blocks::one(schema, name, given))])
}
