use std::time::{Duration, Instant};

use recon::lang::value::Value;
use recon::provider::object::text_set;
use recon::provider::registry::Registry;
use recon::provider::{ErrorKind, ReadRequest, ReadResult};

use crate::subject::{Subject, connect, provider_block};
use crate::support::aws::Aws;
use crate::support::proxy::{Proxy, Rule};

#[tokio::test]
async fn a_wrong_account_is_refused() {
    let aws = Aws::fresh();
    let allowed = |account: &str| vec![("allowed_account_ids", text_set([account]))];
    assert!(connect(&aws, allowed(aws.account())).await.is_ok());
    let error = connect(&aws, allowed("111111111111")).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Credentials);
    assert!(error.message.contains(aws.account()), "{error}");
    assert!(error.message.contains("allowed_account_ids"), "{error}");
    let forbidden = vec![("forbidden_account_ids", text_set([aws.account()]))];
    let error = connect(&aws, forbidden).await.err().unwrap();
    assert!(error.message.contains("forbidden_account_ids"), "{error}");
}

#[tokio::test]
async fn roles_are_assumed_one_after_the_other() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let through = aws.through(proxy.endpoint());
    let provider = Registry::new().provider("aws").unwrap();
    let role = &provider.schema().block.blocks["assume_role"].block;
    let roles = [("111111111111", "first"), ("222222222222", "second")].map(|(account, name)| {
        role.object([
            ("role_arn", Value::string(format!("arn:aws:iam::{account}:role/{name}"))),
            ("session_name", Value::string(format!("session-{name}"))),
            ("external_id", "x".into()),
        ])
    });
    let more = vec![("assume_role", Value::list(role.implied_type(), roles.into()))];
    let connection = connect(&through, more).await.unwrap();
    let caller = connection.aws().unwrap().caller().await.unwrap();
    assert_eq!(caller.arn, "arn:aws:sts::222222222222:assumed-role/second/session-second");
    assert_eq!(proxy.count("sts.AssumeRole"), 2, "each role once");
}

#[tokio::test]
async fn an_unreachable_endpoint_is_given_up_in_seconds() {
    // A port that nobody listens on: bound and let go.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let aws = Aws::fresh().through(format!("http://127.0.0.1:{port}"));
    let stream = Subject::new("aws_kinesis_stream", &aws).await;
    let start = Instant::now();
    let requests: Vec<ReadRequest> = (0..12)
        .map(|index| ReadRequest { known: stream.config(vec![("name", Value::string(format!("s{index}")))]) })
        .collect();
    let results = stream.ty.read(&stream.connection, &requests).await;
    assert!(start.elapsed() < Duration::from_secs(30), "took {:?}", start.elapsed());
    for result in results {
        let ReadResult::Unreadable(error) = result else { panic!("{result:?}") };
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.operation.starts_with("kinesis:"), "{error}");
    }
}

#[tokio::test]
async fn an_endpoint_that_comes_back_is_used_again() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on("sts.GetCallerIdentity").calls(1..=2).cut_before());
    proxy.rule(Rule::on("sts.GetCallerIdentity").call(3).status(503));
    let connection = connect(&aws.through(proxy.endpoint()), Vec::new()).await.unwrap();
    assert_eq!(connection.aws().unwrap().caller().await.unwrap().account, aws.account());
    assert_eq!(proxy.count("sts.GetCallerIdentity"), 4);
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_an_error_with_advice() {
    let aws = Aws::fresh();
    let folder = tempfile::tempdir().unwrap();
    let (config, credentials) = (folder.path().join("config"), folder.path().join("credentials"));
    std::fs::write(&config, "[default]\nregion = eu-west-1\n").unwrap();
    std::fs::write(&credentials, "[work]\naws_access_key_id = a\naws_secret_access_key = b\n").unwrap();
    let list = |path: &std::path::Path| recon::provider::object::text_list([path.to_str().unwrap()]);
    let block = |profile: &str| {
        provider_block(
            &aws,
            vec![
                ("access_key", Value::string("")),
                ("secret_key", Value::string("")),
                ("profile", Value::string(profile)),
                ("shared_config_files", list(&config)),
                ("shared_credentials_files", list(&credentials)),
                ("skip_metadata_api_check", "true".into()),
            ],
        )
    };
    let provider = Registry::new().provider("aws").unwrap();
    assert!(provider.configure(&block("work")).await.is_ok());
    let error = provider.configure(&block("play")).await.err().unwrap();
    assert_eq!(error.kind, ErrorKind::Credentials);
    assert!(error.message.contains("play") || error.message.contains("AWS_PROFILE"), "{error}");
}

/// What a read of a stream ends in when the service answers so.
async fn failing(rule: Rule) -> recon::provider::OperationError {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(rule);
    let more = vec![("max_retries", 1.into())];
    let stream = Subject::with("aws_kinesis_stream", &aws.through(proxy.endpoint()), more).await;
    let requests = [ReadRequest { known: stream.config(vec![("name", "s".into())]) }];
    match stream.ty.read(&stream.connection, &requests).await.remove(0) {
        ReadResult::Unreadable(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn errors_have_a_kind_and_name_the_permission() {
    let on = || Rule::on_service("kinesis");
    let denied = failing(on().fail(400, "AccessDeniedException", "User ann may not")).await;
    assert_eq!(denied.kind, ErrorKind::AccessDenied);
    assert!(denied.operation.starts_with("kinesis:"), "{denied}");
    assert!(denied.to_string().contains("AccessDeniedException: User ann may not"), "{denied}");
    let expired = failing(on().fail(400, "ExpiredTokenException", "The security token is expired")).await;
    assert_eq!(expired.kind, ErrorKind::Credentials);
    let throttled = failing(on().throttle()).await;
    assert_eq!(throttled.kind, ErrorKind::Throttled);
    let down = failing(on().fail(500, "InternalFailure", "it is broken")).await;
    assert_eq!(down.kind, ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_answer_that_is_not_the_services_is_no_proof_that_an_object_is_gone() {
    for status in [404, 502, 503] {
        let error = failing(Rule::on_service("kinesis").status(status)).await;
        assert_eq!(error.kind, ErrorKind::Unavailable, "{status}: {error}");
        assert!(error.message.contains(&status.to_string()), "{error}");
    }
}

#[tokio::test]
async fn what_nobody_can_read_is_left_out_of_a_message() {
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    proxy.rule(Rule::on_service("ec2").fail(
        403,
        "UnauthorizedOperation",
        "You are not authorized to perform this operation. Encoded authorization failure message: mg3x0RJ2KO",
    ));
    let group = Subject::new("aws_security_group", &aws.through(proxy.endpoint())).await;
    let requests = [ReadRequest { known: group.ty.import_seed("sg-1").unwrap() }];
    let results = group.ty.read(&group.connection, &requests).await;
    let ReadResult::Unreadable(error) = &results[0] else { panic!("{results:?}") };
    assert_eq!(error.kind, ErrorKind::AccessDenied);
    assert_eq!(error.operation, "ec2:DescribeSecurityGroups");
    assert_eq!(error.message, "You are not authorized to perform this operation.");
}

#[tokio::test]
async fn a_service_gets_so_many_requests_at_once_and_no_more() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let aws = Aws::fresh();
    let proxy = Proxy::before(&aws);
    let (under_way, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&most);
    proxy.rule(Rule::on_service("kinesis").check(move |_, _| {
        let (under_way, highest) = (Arc::clone(&under_way), Arc::clone(&highest));
        Box::pin(async move {
            highest.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            None
        })
    }));
    let stream = Subject::new("aws_kinesis_stream", &aws.through(proxy.endpoint())).await;
    let requests: Vec<ReadRequest> = (0..30)
        .map(|index| ReadRequest { known: stream.config(vec![("name", Value::string(format!("s{index}")))]) })
        .collect();
    stream.ty.read(&stream.connection, &requests).await;
    let most = most.load(Ordering::SeqCst);
    // An attempt that the client gave up (on a machine that is too busy) is still under way behind the proxy.
    let given_up = proxy.calls().len().saturating_sub(requests.len());
    assert!((2..=10 + given_up).contains(&most), "{most} at once, {given_up} given up");
}
