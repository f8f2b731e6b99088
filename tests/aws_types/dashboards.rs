use recon::provider::object::Object;
use recon::schema::Equality;

use crate::subject::Subject;
use crate::support::aws::Aws;

const TYPE: &str = "aws_cloudwatch_dashboard";
const BODY: &str =
    r#"{"widgets":[{"type":"text","x":0,"y":0,"width":3,"height":3,"properties":{"markdown":"hello"}}]}"#;
const SAME_BODY: &str = r#"{ "widgets": [ {"properties": {"markdown": "hello"}, "height": 3, "width": 3, "y": 0, "x": 0, "type": "text"} ] }"#;

#[tokio::test]
async fn a_dashboard_is_made_changed_and_deleted() {
    let aws = Aws::fresh();
    let dashboard = Subject::new(TYPE, &aws).await;
    let object =
        dashboard.create(vec![("dashboard_name", "front".into()), ("dashboard_body", BODY.into())]).await;
    assert_eq!(object.text("id"), Some("front"));
    let arn = format!("arn:aws:cloudwatch::{}:dashboard/front", aws.account());
    assert_eq!(object.text("dashboard_arn"), Some(&*arn));
    let changed = BODY.replace("hello", "bye");
    let object = dashboard
        .update(&object, vec![("dashboard_name", "front".into()), ("dashboard_body", (&*changed).into())])
        .await;
    let live = aws.cloudwatch().get_dashboard().dashboard_name("front").send().await.unwrap();
    assert!(live.dashboard_body().unwrap().contains("bye"));
    let seed = dashboard.ty.import_seed("front").unwrap();
    assert!(dashboard.read(&seed).await.is_some());
    dashboard.delete(&object).await;
}

#[tokio::test]
async fn a_body_is_its_json_not_its_layout() {
    let dashboard = Subject::new(TYPE, &Aws::fresh()).await;
    let equality: Equality = dashboard.block().attributes["dashboard_body"].equality;
    assert!(equality.same(&BODY.into(), &SAME_BODY.into()));
    assert!(!equality.same(&BODY.into(), &(&*BODY.replace("hello", "bye")).into()));
}

#[tokio::test]
async fn a_dashboard_is_checked_offline() {
    let dashboard = Subject::new(TYPE, &Aws::fresh()).await;
    let name = || ("dashboard_name", recon::lang::value::Value::from("d"));
    assert_eq!(dashboard.problems(vec![name(), ("dashboard_body", "{".into())]), ["Invalid JSON"]);
    assert_eq!(
        dashboard.problems(vec![("dashboard_name", "a b".into()), ("dashboard_body", "{}".into())]),
        ["Invalid dashboard name"]
    );
    assert_eq!(dashboard.problems(vec![name(), ("dashboard_body", BODY.into())]), Vec::<String>::new());
}
