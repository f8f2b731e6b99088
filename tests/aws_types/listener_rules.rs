use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, ProtocolEnum, Rule, TargetTypeEnum,
};
use recon::provider::ReadResult;
use recon::provider::object::Object;

use crate::support::aws::Aws;
use crate::support::lifecycle::{Lifecycle, errors};

const TYPE: &str = "aws_lb_listener_rule";

/// A listener that answers 404, and two target groups.
async fn listener(aws: &Aws) -> (String, [String; 2]) {
    let (vpc, subnets) = aws.network().await;
    let elb = aws.elb();
    let call = elb.create_load_balancer().name("web").subnets(&subnets[0]).subnets(&subnets[1]);
    let made = call.send().await.unwrap();
    let balancer = made.load_balancers()[0].load_balancer_arn().unwrap().to_owned();
    let mut groups = [String::new(), String::new()];
    for (name, arn) in ["one", "two"].into_iter().zip(&mut groups) {
        let call = elb.create_target_group().name(name).protocol(ProtocolEnum::Http).port(80).vpc_id(&vpc);
        let made = call.target_type(TargetTypeEnum::Ip).send().await.unwrap();
        *arn = made.target_groups()[0].target_group_arn().unwrap().to_owned();
    }
    let answer = FixedResponseActionConfig::builder().status_code("404").content_type("text/plain").build();
    let action =
        Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(answer).build();
    let call = elb.create_listener().load_balancer_arn(balancer).port(80).protocol(ProtocolEnum::Http);
    let made = call.default_actions(action).send().await.unwrap();
    (made.listeners()[0].listener_arn().unwrap().to_owned(), groups)
}

async fn live(aws: &Aws, arn: &str) -> Option<Rule> {
    aws.elb().describe_rules().rule_arns(arn).send().await.ok()?.rules?.pop()
}

fn code(listener: &str, rest: &str) -> String {
    format!("listener_arn = \"{listener}\"\n{rest}")
}

const PATH: &str = "condition {\n path_pattern {\n values = [\"/a/*\", \"/b/*\"]\n }\n}\n";

fn forward(group: &str) -> String {
    format!("action {{\n type = \"forward\"\n target_group_arn = \"{group}\"\n}}\n")
}

#[tokio::test]
async fn a_rule_is_made_changed_imported_and_deleted() {
    let aws = Aws::fresh();
    let (listener, groups) = listener(&aws).await;
    let rule = Lifecycle::new(TYPE, &aws);
    let first = code(
        &listener,
        &format!("priority = 10\n{PATH}{}tags = {{ Name = \"a\", old = \"x\" }}", forward(&groups[0])),
    );
    let made = rule.create(&first).await;
    let arn = made.text("arn").unwrap().to_owned();
    let seen = live(&aws, &arn).await.unwrap();
    assert_eq!((seen.priority(), seen.actions()[0].target_group_arn()), (Some("10"), Some(&*groups[0])));
    assert_eq!(seen.conditions()[0].path_pattern_config().unwrap().values().len(), 2);
    let weighted = format!(
        "action {{\n type = \"forward\"\n forward {{\n  target_group {{\n   arn = \"{}\"\n   weight = 3\n  }}\n  target_group {{\n   \
         arn = \"{}\"\n   weight = 1\n  }}\n  stickiness {{\n   enabled = true\n   duration = 60\n  }}\n }}\n}}\n",
        groups[0], groups[1]
    );
    let others = "condition {\n host_header {\n values = [\"a.example\"]\n }\n}\ncondition {\n query_string {\n key = \"k\"\n value = \
                  \"1\"\n }\n query_string {\n value = \"2\"\n }\n}\n";
    let second = code(&listener, &format!("priority = 20\n{others}{weighted}tags = {{ Name = \"b\" }}"));
    let (changed, mut paths) = rule.update(&made, &second).await;
    paths.sort();
    assert!(paths.contains(&".priority".to_owned()) && paths.contains(&".condition".to_owned()), "{paths:?}");
    let seen = live(&aws, &arn).await.unwrap();
    assert_eq!(seen.priority(), Some("20"));
    let config = seen.actions()[0].forward_config().unwrap();
    let weights: Vec<_> = config.target_groups().iter().map(|group| group.weight()).collect();
    assert_eq!(weights, [Some(3), Some(1)]);
    let fields: Vec<_> = seen.conditions().iter().filter_map(|one| one.field()).collect();
    assert_eq!(
        (fields.len(), fields.contains(&"host-header"), fields.contains(&"query-string")),
        (2, true, true)
    );
    let tags = aws.elb().describe_tags().resource_arns(&arn).send().await.unwrap();
    let mut tags: Vec<_> = tags.tag_descriptions()[0]
        .tags()
        .iter()
        .map(|tag| (tag.key().unwrap(), tag.value().unwrap()))
        .collect();
    tags.sort_unstable();
    assert_eq!(tags, [("Name", "b"), ("team", "data")]);
    let imported = rule.read(&rule.ty.import_seed(&arn).unwrap()).await.unwrap();
    assert_eq!((imported.text("listener_arn"), imported.integer("priority")), (Some(&*listener), Some(20)));
    let moved = second.replace(&listener, &listener.replace("listener/app/web", "listener/app/other"));
    assert_eq!(rule.plan(Some(&changed), &moved).replace, [".listener_arn"]);
    rule.delete(&changed).await;
    assert!(live(&aws, &arn).await.is_none());
    rule.ty.delete(&rule.connection, &changed).await.unwrap();
}

#[tokio::test]
async fn conditions_and_actions_of_every_kind_are_what_they_were_said_to_be() {
    let aws = Aws::fresh();
    let (listener, _) = listener(&aws).await;
    let rule = Lifecycle::new(TYPE, &aws);
    let conditions = [
        "host_header {\n values = [\"*.example\"]\n }",
        "http_header {\n http_header_name = \"X-Kind\"\n values = [\"a\", \"b\"]\n }",
        "http_request_method {\n values = [\"GET\", \"HEAD\"]\n }",
        "path_pattern {\n values = [\"/x\"]\n }",
        "query_string {\n key = \"k\"\n value = \"v\"\n }",
        "source_ip {\n values = [\"10.0.0.0/8\"]\n }",
    ];
    let conditions: String = conditions.iter().map(|one| format!("condition {{\n {one}\n}}\n")).collect();
    let answer = "action {\n type = \"fixed-response\"\n fixed_response {\n  content_type = \"text/plain\"\n  message_body = \"no\"\n  \
                  status_code = \"403\"\n }\n}\n";
    let made = rule.create(&code(&listener, &format!("{conditions}{answer}"))).await;
    assert_eq!(made.integer("priority"), Some(1));
    let seen = live(&aws, made.text("arn").unwrap()).await.unwrap();
    let field = |name: &str| seen.conditions().iter().find(|one| one.field() == Some(name)).unwrap();
    let header = field("http-header").http_header_config().unwrap();
    assert_eq!((header.http_header_name(), header.values().len()), (Some("X-Kind"), 2));
    assert_eq!(field("source-ip").source_ip_config().unwrap().values(), ["10.0.0.0/8"]);
    assert_eq!(field("http-request-method").http_request_method_config().unwrap().values().len(), 2);
    assert_eq!(seen.actions()[0].fixed_response_config().unwrap().message_body(), Some("no"));
    let redirect = "action {\n type = \"redirect\"\n redirect {\n  host = \"b.example\"\n  status_code = \"HTTP_301\"\n }\n}\n";
    let (changed, _) = rule.update(&made, &code(&listener, &format!("{conditions}{redirect}"))).await;
    let seen = live(&aws, changed.text("arn").unwrap()).await.unwrap();
    assert_eq!(seen.actions()[0].redirect_config().unwrap().host(), Some("b.example"));
    // The next rule is put behind.
    let next = rule.create(&code(&listener, &format!("{PATH}{answer}"))).await;
    assert_eq!(next.integer("priority"), Some(2));
    rule.delete(&next).await;
    rule.delete(&changed).await;
}

/// A secret is never answered: it stays as it is recorded, and marked.
#[tokio::test]
async fn users_are_authenticated() {
    let aws = Aws::fresh();
    let (listener, groups) = listener(&aws).await;
    let rule = Lifecycle::new(TYPE, &aws);
    let url = "https://id.example/";
    let text = code(
        &listener,
        &format!(
            "{PATH}action {{\n type = \"authenticate-oidc\"\n authenticate_oidc {{\n  authorization_endpoint = \"{url}a\"\n  client_id = \
             \"me\"\n  client_secret = \"hush\"\n  issuer = \"{url}\"\n  token_endpoint = \"{url}t\"\n  user_info_endpoint = \"{url}u\"\n  \
             scope = \"openid email\"\n  on_unauthenticated_request = \"deny\"\n }}\n}}\n{}",
            forward(&groups[0])
        ),
    );
    let made = rule.create(&text).await;
    let seen = live(&aws, made.text("arn").unwrap()).await.unwrap();
    let oidc = seen.actions().iter().find_map(|action| action.authenticate_oidc_config()).unwrap();
    assert_eq!(
        (oidc.client_id(), oidc.scope(), oidc.session_timeout()),
        (Some("me"), Some("openid email"), Some(604_800))
    );
    assert_eq!(
        rule.plan(Some(&made), &text.replace("hush", "other")).changes,
        [".action[0].authenticate_oidc[0].client_secret"]
    );
    rule.delete(&made).await;
}

#[tokio::test]
async fn many_rules_are_read_at_once_though_some_are_gone() {
    let aws = Aws::fresh();
    let (listener, groups) = listener(&aws).await;
    let rule = Lifecycle::new(TYPE, &aws);
    let mut seeds = Vec::new();
    for number in 1..=25 {
        let made = rule
            .create(&code(&listener, &format!("priority = {number}\n{PATH}{}", forward(&groups[0]))))
            .await;
        if number == 7 {
            rule.delete(&made).await;
        }
        seeds.push(rule.ty.import_seed(made.text("arn").unwrap()).unwrap());
    }
    for (index, result) in rule.read_all(&seeds).await.into_iter().enumerate() {
        match result {
            ReadResult::Found(object) => {
                assert_eq!(object.integer("priority"), i64::try_from(index + 1).ok())
            }
            other => assert!(index == 6 && matches!(other, ReadResult::Missing), "{index}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_rule_is_checked_offline() {
    let rule = Lifecycle::new(TYPE, &Aws::fresh());
    let listener = "arn:aws:elasticloadbalancing:eu-west-3:123456789012:listener/app/web/50dc6c495c0c9188/f2f7dc8efc522ab2";
    let answer = "action {\n type = \"fixed-response\"\n fixed_response {\n  content_type = \"text/plain\"\n  status_code = \"403\"\n }\n}\n";
    for (text, part) in [
        (format!("priority = 0\n{PATH}{answer}"), "from 1 to 50000"),
        (format!("condition {{\n}}\n{answer}"), "A condition needs one of"),
        (
            format!(
                "condition {{\n path_pattern {{\n values = [\"/\"]\n }}\n host_header {{\n values = [\"h\"]\n }}\n}}\n{answer}"
            ),
            "A condition is of one kind",
        ),
        (format!("condition {{\n source_ip {{\n values = []\n }}\n}}\n{answer}"), "at least one value"),
        (format!("{PATH}action {{\n type = \"forward\"\n}}\n"), "needs \"target_group_arn\""),
        (format!("{PATH}{answer}{answer}"), "Exactly one action"),
    ] {
        let found = errors(&rule.problems(&code(listener, &text)));
        assert!(found.iter().any(|detail| detail.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(
        errors(&rule.problems(&code(listener, &format!("priority = 99999\n{PATH}{answer}")))),
        [""; 0]
    );
    assert!(rule.ty.import_seed(listener).unwrap_err().contains("listener-rule/app"));
}
