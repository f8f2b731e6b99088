//! Actions of listeners and their rules, between values and what the service takes and answers.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, AuthenticateCognitoActionConditionalBehaviorEnum,
    AuthenticateCognitoActionConfig, AuthenticateOidcActionConditionalBehaviorEnum,
    AuthenticateOidcActionConfig, FixedResponseActionConfig, ForwardActionConfig, RedirectActionConfig,
    RedirectActionStatusCodeEnum, TargetGroupStickinessConfig, TargetGroupTuple,
};

use crate::lang::value::Value;
use crate::provider::aws::elbv2::blocks::{self, filled};
use crate::provider::object::{self, Object};
use crate::schema::BlockSchema;

/// The type of an action, in the service's spelling.
pub fn type_of(action: &Value) -> Option<String> {
    action.text("type").map(str::to_lowercase)
}

// ── to the service ─────────────────────────────────────────────────────────────────────────────────

/// The actions of a known object, which has them in blocks of a kind. One without an order has its place among the
/// others.
pub fn expand(object: &Value, kind: &str) -> Vec<Action> {
    object.blocks(kind).iter().enumerate().map(|(index, block)| one(index, block)).collect()
}

fn one(index: usize, block: &Value) -> Action {
    let kind = type_of(block).unwrap_or_default();
    let order = block.integer("order").filter(|order| *order > 0).and_then(|order| i32::try_from(order).ok());
    let place = i32::try_from(index + 1).ok();
    let action = Action::builder().r#type(ActionTypeEnum::from(kind.as_str())).set_order(order.or(place));
    match kind.as_str() {
        "forward" => action
            .set_target_group_arn(filled(block.text("target_group_arn")).map(str::to_owned))
            .set_forward_config(block.block("forward").map(forward)),
        "redirect" => action.set_redirect_config(block.block("redirect").map(redirect)),
        "fixed-response" => {
            action.set_fixed_response_config(block.block("fixed_response").map(fixed_response))
        }
        "authenticate-cognito" => {
            action.set_authenticate_cognito_config(block.block("authenticate_cognito").map(cognito))
        }
        "authenticate-oidc" => {
            action.set_authenticate_oidc_config(block.block("authenticate_oidc").map(oidc))
        }
        _ => action,
    }
    .build()
}

fn forward(block: &Value) -> ForwardActionConfig {
    let group = |block: &Value| {
        TargetGroupTuple::builder()
            .set_target_group_arn(owned(block, "arn"))
            .set_weight(small(block.integer("weight")))
            .build()
    };
    let stickiness = block.block("stickiness").map(|block| {
        TargetGroupStickinessConfig::builder()
            .set_enabled(block.boolean("enabled"))
            .set_duration_seconds(small(block.integer("duration")).filter(|duration| *duration > 0))
            .build()
    });
    ForwardActionConfig::builder()
        .set_target_groups(Some(block.blocks("target_group").iter().map(group).collect()))
        .set_target_group_stickiness_config(stickiness)
        .build()
}

fn redirect(block: &Value) -> RedirectActionConfig {
    RedirectActionConfig::builder()
        .set_host(owned(block, "host"))
        .set_path(owned(block, "path"))
        .set_port(owned(block, "port"))
        .set_protocol(owned(block, "protocol"))
        // An empty query is one that is dropped.
        .set_query(block.text("query").map(str::to_owned))
        .set_status_code(block.text("status_code").map(RedirectActionStatusCodeEnum::from))
        .build()
}

fn fixed_response(block: &Value) -> FixedResponseActionConfig {
    FixedResponseActionConfig::builder()
        .set_content_type(owned(block, "content_type"))
        .set_message_body(block.text("message_body").map(str::to_owned))
        .set_status_code(owned(block, "status_code"))
        .build()
}

fn cognito(block: &Value) -> AuthenticateCognitoActionConfig {
    AuthenticateCognitoActionConfig::builder()
        .set_authentication_request_extra_params(parameters(block))
        .set_on_unauthenticated_request(
            unauthenticated(block)
                .map(|text| AuthenticateCognitoActionConditionalBehaviorEnum::from(text.as_str())),
        )
        .set_scope(owned(block, "scope"))
        .set_session_cookie_name(owned(block, "session_cookie_name"))
        .set_session_timeout(block.integer("session_timeout").filter(|seconds| *seconds > 0))
        .set_user_pool_arn(owned(block, "user_pool_arn"))
        .set_user_pool_client_id(owned(block, "user_pool_client_id"))
        .set_user_pool_domain(owned(block, "user_pool_domain"))
        .build()
}

fn oidc(block: &Value) -> AuthenticateOidcActionConfig {
    AuthenticateOidcActionConfig::builder()
        .set_authentication_request_extra_params(parameters(block))
        .set_authorization_endpoint(owned(block, "authorization_endpoint"))
        .set_client_id(owned(block, "client_id"))
        .set_client_secret(owned(block, "client_secret"))
        .set_issuer(owned(block, "issuer"))
        .set_on_unauthenticated_request(
            unauthenticated(block)
                .map(|text| AuthenticateOidcActionConditionalBehaviorEnum::from(text.as_str())),
        )
        .set_scope(owned(block, "scope"))
        .set_session_cookie_name(owned(block, "session_cookie_name"))
        .set_session_timeout(block.integer("session_timeout").filter(|seconds| *seconds > 0))
        .set_token_endpoint(owned(block, "token_endpoint"))
        .set_user_info_endpoint(owned(block, "user_info_endpoint"))
        .build()
}

fn unauthenticated(block: &Value) -> Option<String> {
    filled(block.text("on_unauthenticated_request")).map(str::to_lowercase)
}

fn parameters(block: &Value) -> Option<HashMap<String, String>> {
    let parameters = block.text_map("authentication_request_extra_params");
    (!parameters.is_empty()).then(|| parameters.into_iter().collect())
}

fn owned(block: &Value, name: &str) -> Option<String> {
    filled(block.text(name)).map(str::to_owned)
}

fn small(number: Option<i64>) -> Option<i32> {
    number.and_then(|number| i32::try_from(number).ok())
}

// ── from the service ───────────────────────────────────────────────────────────────────────────────

/// The attribute that holds the actions of a live object, blocks of a kind. `known` tells what the service does not: how a target group is
/// spelt (see [`forms`]), the client's secret, and in which sequence the code has actions of explicit orders.
pub fn flatten(schema: &BlockSchema, kind: &str, actions: &[Action], known: &Value) -> Value {
    let block = blocks::inner(schema, kind);
    let known = known.blocks(kind);
    let actions = arranged(actions, known);
    let objects = actions.iter().enumerate().map(|(index, action)| live(block, action, known.get(index)));
    blocks::holding(schema, kind, objects.collect())
}

/// The actions by order, or in the sequence of known ones if those have the same orders.
fn arranged<'a>(actions: &'a [Action], known: &[Value]) -> Vec<&'a Action> {
    let mut by_order: Vec<&Action> = actions.iter().collect();
    by_order.sort_by_key(|action| action.order());
    let orders: Option<Vec<i64>> = known.iter().map(|action| action.integer("order")).collect();
    let Some(orders) = orders.filter(|orders| orders.len() == by_order.len()) else {
        return by_order;
    };
    let place = |order: &i64| by_order.iter().find(|action| action.order().map(i64::from) == Some(*order));
    let in_sequence: Option<Vec<&Action>> = orders.iter().map(|order| place(order).copied()).collect();
    in_sequence.unwrap_or(by_order)
}

fn live(block: &BlockSchema, action: &Action, known: Option<&Value>) -> Value {
    let kind = action.r#type().map_or("", ActionTypeEnum::as_str);
    let mut given = vec![("type", Value::string(kind)), ("order", object::integer(action.order()))];
    let (as_arn, as_block) = forms(action, known);
    let arn = target(action).filter(|_| kind == "forward" && as_arn);
    given.push(("target_group_arn", Value::string(arn.unwrap_or_default())));
    match kind {
        "forward" => {
            if let Some(config) = action.forward_config().filter(|_| as_block) {
                given.push(("forward", live_forward(block, config)));
            }
        }
        "redirect" => {
            given.extend(action.redirect_config().map(|config| ("redirect", live_redirect(block, config))));
        }
        "fixed-response" => {
            let config = action.fixed_response_config();
            given.extend(config.map(|config| ("fixed_response", live_fixed_response(block, config))));
        }
        "authenticate-cognito" => {
            let config = action.authenticate_cognito_config();
            given.extend(config.map(|config| ("authenticate_cognito", live_cognito(block, config))));
        }
        "authenticate-oidc" => {
            let secret = known.and_then(|known| known.block("authenticate_oidc")?.get("client_secret"));
            let config = action.authenticate_oidc_config();
            given.extend(config.map(|config| ("authenticate_oidc", live_oidc(block, config, secret))));
        }
        _ => {}
    }
    block.object(given)
}

/// Whether a live forward action is to be told as `target_group_arn`, as a `forward` block, or both. The service answers
/// both, whichever it was given; so it is told in the form that it is known in. Where nothing is known, as the ARN if that
/// says it all.
fn forms(action: &Action, known: Option<&Value>) -> (bool, bool) {
    let known = known.filter(|known| type_of(known).as_deref() == Some("forward"));
    if let Some(known) = known {
        let as_block = known.block("forward").is_some();
        // The group may be one that is not made yet.
        let as_arn =
            known.get("target_group_arn").is_some_and(|arn| !arn.is_null() && arn.as_str() != Some(""));
        if as_block || as_arn {
            return (as_arn, as_block);
        }
    }
    let Some(config) = action.forward_config() else {
        return (true, false);
    };
    let sticky = config.target_group_stickiness_config().and_then(|config| config.enabled()) == Some(true);
    let simple = config.target_groups().len() <= 1 && !sticky;
    (simple, !simple)
}

/// The only target group of a forward action.
fn target(action: &Action) -> Option<&str> {
    let only = || match action.forward_config()?.target_groups() {
        [group] => group.target_group_arn(),
        _ => None,
    };
    action.target_group_arn().or_else(only)
}

fn live_forward(block: &BlockSchema, config: &ForwardActionConfig) -> Value {
    let inner = blocks::inner(block, "forward");
    let group = blocks::inner(inner, "target_group");
    let groups = config.target_groups().iter().map(|tuple| {
        group.object([
            ("arn", object::text(tuple.target_group_arn())),
            ("weight", Value::number(i64::from(tuple.weight().unwrap_or(1)))),
        ])
    });
    let stickiness = match config.target_group_stickiness_config() {
        Some(config) => blocks::one(
            inner,
            "stickiness",
            [
                ("enabled", Value::bool(config.enabled().unwrap_or_default())),
                ("duration", Value::number(i64::from(config.duration_seconds().unwrap_or_default()))),
            ],
        ),
        None => blocks::none(inner, "stickiness"),
    };
    let groups = blocks::holding(inner, "target_group", groups.collect());
    blocks::one(block, "forward", [("stickiness", stickiness), ("target_group", groups)])
}

fn live_redirect(block: &BlockSchema, config: &RedirectActionConfig) -> Value {
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    blocks::one(
        block,
        "redirect",
        [
            ("host", text(config.host())),
            ("path", text(config.path())),
            ("port", text(config.port())),
            ("protocol", text(config.protocol())),
            ("query", text(config.query())),
            ("status_code", text(config.status_code().map(RedirectActionStatusCodeEnum::as_str))),
        ],
    )
}

fn live_fixed_response(block: &BlockSchema, config: &FixedResponseActionConfig) -> Value {
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    blocks::one(
        block,
        "fixed_response",
        [
            ("content_type", text(config.content_type())),
            ("message_body", text(config.message_body())),
            ("status_code", text(config.status_code())),
        ],
    )
}

fn live_cognito(block: &BlockSchema, config: &AuthenticateCognitoActionConfig) -> Value {
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    let behaviour = config.on_unauthenticated_request();
    blocks::one(
        block,
        "authenticate_cognito",
        [
            (
                "authentication_request_extra_params",
                live_parameters(config.authentication_request_extra_params()),
            ),
            ("on_unauthenticated_request", text(behaviour.map(|behaviour| behaviour.as_str()))),
            ("scope", text(config.scope())),
            ("session_cookie_name", text(config.session_cookie_name())),
            ("session_timeout", Value::number(config.session_timeout().unwrap_or_default())),
            ("user_pool_arn", text(config.user_pool_arn())),
            ("user_pool_client_id", text(config.user_pool_client_id())),
            ("user_pool_domain", text(config.user_pool_domain())),
        ],
    )
}

fn live_oidc(block: &BlockSchema, config: &AuthenticateOidcActionConfig, secret: Option<Value>) -> Value {
    let text = |value: Option<&str>| Value::string(value.unwrap_or_default());
    let behaviour = config.on_unauthenticated_request();
    let mut given = vec![
        (
            "authentication_request_extra_params",
            live_parameters(config.authentication_request_extra_params()),
        ),
        ("authorization_endpoint", text(config.authorization_endpoint())),
        ("client_id", text(config.client_id())),
        ("issuer", text(config.issuer())),
        ("on_unauthenticated_request", text(behaviour.map(|behaviour| behaviour.as_str()))),
        ("scope", text(config.scope())),
        ("session_cookie_name", text(config.session_cookie_name())),
        ("session_timeout", Value::number(config.session_timeout().unwrap_or_default())),
        ("token_endpoint", text(config.token_endpoint())),
        ("user_info_endpoint", text(config.user_info_endpoint())),
    ];
    given.extend(secret.map(|secret| ("client_secret", secret)));
    blocks::one(block, "authenticate_oidc", given)
}

fn live_parameters(parameters: Option<&HashMap<String, String>>) -> Value {
    object::text_map(parameters.into_iter().flatten())
}

// ── meaning ────────────────────────────────────────────────────────────────────────────────────────

/// What a known forward action does, in whichever form it is told: the weight of each target group, and for how many
/// seconds a client stays with one, if it does.
#[derive(Debug, PartialEq, Eq)]
pub struct Forward {
    pub weights: BTreeMap<String, i64>,
    pub sticky: Option<i64>,
}

/// `None` if the action is not a forward action or not wholly known.
pub fn meaning(action: &Value) -> Option<Forward> {
    if type_of(action).as_deref() != Some("forward") || !action.is_wholly_known() {
        return None;
    }
    let Some(forward) = action.block("forward") else {
        let arn = action.text("target_group_arn")?.to_owned();
        return Some(Forward { weights: BTreeMap::from([(arn, 1)]), sticky: None });
    };
    let weight = |group: &Value| Some((group.text("arn")?.to_owned(), group.integer("weight").unwrap_or(1)));
    let mut weights: BTreeMap<String, i64> =
        forward.blocks("target_group").iter().filter_map(weight).collect();
    // The only one gets everything, however little it weighs.
    if weights.len() == 1 {
        weights.values_mut().for_each(|weight| *weight = 1);
    }
    let stickiness = forward.block("stickiness").filter(|block| block.boolean("enabled") == Some(true));
    Some(Forward { weights, sticky: stickiness.map(|block| block.integer("duration").unwrap_or_default()) })
}

/// The ARNs of all target groups that an object's actions forward to.
pub fn target_groups(object: &Value, kind: &str) -> Vec<String> {
    let mut arns = Vec::new();
    for action in object.blocks(kind) {
        arns.extend(filled(action.text("target_group_arn")).map(str::to_owned));
        let groups = action.block("forward").map(|forward| forward.blocks("target_group"));
        arns.extend(groups.into_iter().flatten().filter_map(|group| group.text("arn")).map(str::to_owned));
    }
    arns.sort();
    arns.dedup();
    arns
}
