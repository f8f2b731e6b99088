//! An HTTP proxy of our own in front of an endpoint. It counts calls by operation and follows rules:
//! delay, throttle, answer an error, cut the connection, hold a call, check it, rewrite its answer.
//!
//! ```ignore
//! let aws = Aws::fresh();
//! let proxy = Proxy::before(&aws);
//! proxy.rule(Rule::on("elasticloadbalancing.CreateListener").calls(1..=2).throttle());
//! let stack = Stack::new(&aws.through(proxy.endpoint()));
//! …
//! assert_eq!(proxy.count("elasticloadbalancing.CreateListener"), 3);
//! ```
//!
//! Rules are tried in the order in which they were added; of those that act before the backend the first
//! that answers ends the matter, and all that rewrite answers see the answer in turn. Once a call was
//! received it runs to its end, even if the caller is gone.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use super::aws::Aws;
pub use super::protocol::{Reply, Request, ServiceError};

/// What a check returns: the error to answer with, or nothing to let the call through.
pub type Verdict = Option<ServiceError>;

type Check = dyn Fn(Request, Backend) -> BoxFuture<'static, Verdict> + Send + Sync;
type Respond = dyn Fn(&Request) -> Option<Reply> + Send + Sync;
type Rewrite = dyn Fn(&Request, Reply) -> Reply + Send + Sync;

#[derive(Clone)]
enum Action {
    Delay(Duration),
    Throttle,
    Fail(ServiceError),
    Status(u16),
    CutBefore,
    CutAfter,
    HoldBefore(Gate),
    HoldAfter(Gate),
    Strip(Vec<String>),
    Check(Arc<Check>),
    Respond(Arc<Respond>),
    Rewrite(Arc<Rewrite>),
}

#[derive(Clone)]
enum Pattern {
    Any,
    Changes,
    Service(String),
    Operation(String),
}

/// Which calls, and what becomes of them.
#[derive(Clone)]
pub struct Rule {
    pattern: Pattern,
    path: Option<String>,
    calls: RangeInclusive<usize>,
    action: Action,
}

/// The first half of a rule: which calls. Give it an action to make a [`Rule`].
pub struct On {
    pattern: Pattern,
    path: Option<String>,
    calls: RangeInclusive<usize>,
}

impl Rule {
    /// Calls of one operation, as `service.Operation` with the service's name in signatures:
    /// `kinesis.CreateStream`, `monitoring.PutDashboard`.
    pub fn on(operation: &str) -> On {
        On { pattern: Pattern::Operation(operation.to_owned()), path: None, calls: 1..=usize::MAX }
    }

    pub fn on_service(service: &str) -> On {
        On { pattern: Pattern::Service(service.to_owned()), path: None, calls: 1..=usize::MAX }
    }

    /// Calls of operations that change something.
    pub fn on_changes() -> On {
        On { pattern: Pattern::Changes, path: None, calls: 1..=usize::MAX }
    }

    pub fn on_any() -> On {
        On { pattern: Pattern::Any, path: None, calls: 1..=usize::MAX }
    }
}

impl On {
    /// Only these of the calls that the pattern matches from now on, the first being 1.
    pub fn calls(mut self, calls: RangeInclusive<usize>) -> On {
        self.calls = calls;
        self
    }

    /// Only those whose URI's path ends so: an object's key, for S3.
    pub fn path(mut self, end: &str) -> On {
        self.path = Some(end.to_owned());
        self
    }

    /// Only the n-th.
    pub fn call(self, n: usize) -> On {
        self.calls(n..=n)
    }

    fn then(self, action: Action) -> Rule {
        Rule { pattern: self.pattern, path: self.path, calls: self.calls, action }
    }

    /// Waits before anything else happens.
    pub fn delay(self, time: Duration) -> Rule {
        self.then(Action::Delay(time))
    }

    /// Answers that there are too many requests, in the service's own words.
    pub fn throttle(self) -> Rule {
        self.then(Action::Throttle)
    }

    /// Answers the service's error, in its protocol's shape.
    pub fn fail(self, status: u16, code: &str, message: &str) -> Rule {
        self.then(Action::Fail(ServiceError::new(status, code, message)))
    }

    /// Answers a bare status, such as 500 or 503, as a load balancer in front of the service would.
    pub fn status(self, status: u16) -> Rule {
        self.then(Action::Status(status))
    }

    /// Closes the connection; the backend never hears of the call.
    pub fn cut_before(self) -> Rule {
        self.then(Action::CutBefore)
    }

    /// Closes the connection after the backend has acted.
    pub fn cut_after(self) -> Rule {
        self.then(Action::CutAfter)
    }

    /// Holds the call until the gate is opened; then the backend gets it.
    pub fn hold_before(self, gate: &Gate) -> Rule {
        self.then(Action::HoldBefore(gate.clone()))
    }

    /// Lets the backend act, and holds the answer until the gate is opened.
    pub fn hold_after(self, gate: &Gate) -> Rule {
        self.then(Action::HoldAfter(gate.clone()))
    }

    /// Takes headers out of the request, as if the caller had not sent them.
    pub fn without_headers(self, names: &[&str]) -> Rule {
        self.then(Action::Strip(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    /// Refuses the call if the check says so. The check may ask the backend.
    pub fn check(
        self,
        check: impl Fn(Request, Backend) -> BoxFuture<'static, Verdict> + Send + Sync + 'static,
    ) -> Rule {
        self.then(Action::Check(Arc::new(check)))
    }

    /// Answers in the backend's place where the function gives an answer.
    pub fn respond(self, respond: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> Rule {
        self.then(Action::Respond(Arc::new(respond)))
    }

    /// Changes the backend's answer.
    pub fn rewrite(self, rewrite: impl Fn(&Request, Reply) -> Reply + Send + Sync + 'static) -> Rule {
        self.then(Action::Rewrite(Arc::new(rewrite)))
    }
}

/// Holds calls back, and tells when one has come.
#[derive(Clone, Default)]
pub struct Gate {
    state: Arc<(Mutex<GateState>, Condvar)>,
    opened: Arc<tokio::sync::Notify>,
}

#[derive(Default)]
struct GateState {
    arrived: usize,
    open: bool,
}

impl Gate {
    pub fn new() -> Gate {
        Gate::default()
    }

    /// Blocks until a call is held. Panics after a minute.
    pub fn wait_for_call(&self) {
        let (state, changed) = &*self.state;
        let guard = state.lock().unwrap();
        let limit = Duration::from_secs(60);
        let (guard, waited) = changed.wait_timeout_while(guard, limit, |state| state.arrived == 0).unwrap();
        drop(guard);
        assert!(!waited.timed_out(), "no call came to the gate");
    }

    /// Lets the held calls and all later ones pass.
    pub fn open(&self) {
        self.state.0.lock().unwrap().open = true;
        self.opened.notify_waiters();
    }

    async fn pass(&self) {
        let opened = self.opened.notified();
        tokio::pin!(opened);
        // From here on an opening is noticed, be it before or after the look at the state.
        opened.as_mut().enable();
        let is_open = {
            let (state, changed) = &*self.state;
            let mut state = state.lock().unwrap();
            state.arrived += 1;
            changed.notify_all();
            state.open
        };
        if !is_open {
            opened.await;
        }
    }
}

/// A call that the proxy received, and how it was answered.
#[derive(Clone, Debug)]
pub struct Call {
    pub request: Request,
    /// `None` where the connection was cut.
    pub status: Option<u16>,
    /// True if the backend got the call.
    pub forwarded: bool,
}

/// What is behind the proxy.
#[derive(Clone)]
pub struct Backend {
    client: Client<HttpConnector, Full<Bytes>>,
    endpoint: String,
}

impl Backend {
    /// Passes the request on.
    pub async fn forward(&self, request: &Request) -> Reply {
        let path = request.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut forwarded = hyper::Request::builder()
            .method(request.method.clone())
            .uri(format!("{}{path}", self.endpoint))
            .body(Full::new(request.body.clone()))
            .unwrap();
        let headers = request.headers.iter().filter(|(name, _)| !is_of_the_connection(name.as_str()));
        forwarded.headers_mut().extend(headers.map(|(name, value)| (name.clone(), value.clone())));
        let answer = self.client.request(forwarded).await.expect("the local AWS answers");
        let (parts, body) = answer.into_parts();
        let body = body.collect().await.expect("the local AWS's answer is whole").to_bytes();
        let mut headers = parts.headers;
        let dropped: Vec<_> =
            headers.keys().filter(|name| is_of_the_connection(name.as_str())).cloned().collect();
        for name in dropped {
            headers.remove(name);
        }
        Reply { status: parts.status, headers, body }
    }

    /// Asks a query service, with the credentials and the region of the request at hand.
    pub async fn query(&self, like: &Request, form: &str) -> Reply {
        let body = Bytes::copy_from_slice(form.as_bytes());
        let request = Request::new(like.method.clone(), like.uri.clone(), like.headers.clone(), body);
        self.forward(&request).await
    }
}

/// Headers that concern one connection or that are set anew.
fn is_of_the_connection(name: &str) -> bool {
    ["connection", "content-length", "expect", "host", "keep-alive", "transfer-encoding"].contains(&name)
}

/// Whether the operation changes something, going by its name.
fn is_change(request: &Request) -> bool {
    let reads = ["Describe", "Get", "List", "Head", "Lookup", "BatchGet", "Query", "Scan"];
    let name = request.operation.as_str();
    // What S3 has beside objects is named by its method.
    !reads.iter().any(|prefix| name.starts_with(prefix))
        && !["GET ", "HEAD "].iter().any(|method| name.starts_with(method))
}

struct ActiveRule {
    rule: Rule,
    matched: usize,
}

struct Shared {
    backend: Backend,
    rules: Mutex<Vec<ActiveRule>>,
    calls: Mutex<Vec<Call>>,
}

/// The proxy. It ends with the value.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

impl Proxy {
    /// A proxy in front of the account's endpoint.
    pub fn before(aws: &Aws) -> Proxy {
        Proxy::start(aws.endpoint())
    }

    /// A proxy in front of the endpoint, on a free port of loopback.
    pub fn start(backend: &str) -> Proxy {
        // A runtime of its own: tests with none, or with one that is busy waiting, can use it too.
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let client = {
            let _guard = runtime.enter();
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http()
        };
        let backend = Backend { client, endpoint: backend.to_owned() };
        let shared = Arc::new(Shared { backend, rules: Mutex::default(), calls: Mutex::default() });
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener, Arc::clone(&shared)));
        Proxy { address, shared, runtime: Some(runtime) }
    }

    /// The value for `AWS_ENDPOINT_URL`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a rule, in force at once.
    pub fn rule(&self, rule: Rule) {
        self.shared.rules.lock().unwrap().push(ActiveRule { rule, matched: 0 });
    }

    /// Removes all rules.
    pub fn clear_rules(&self) {
        self.shared.rules.lock().unwrap().clear();
    }

    /// All calls so far, in the order in which they came to their end.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().unwrap().clone()
    }

    /// How often each operation was called.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for call in self.shared.calls.lock().unwrap().iter() {
            *counts.entry(call.request.name()).or_default() += 1;
        }
        counts
    }

    /// How often one operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.shared.calls.lock().unwrap().iter().filter(|call| call.request.name() == operation).count()
    }

    /// Calls of operations that change something, going by the operation's name.
    pub fn changes(&self) -> Vec<String> {
        let calls = self.shared.calls.lock().unwrap();
        calls.iter().filter(|call| is_change(&call.request)).map(|call| call.request.name()).collect()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.shared.calls.lock().unwrap().clear();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Ends a connection without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct Cut;

async fn serve(listener: std::net::TcpListener, shared: Arc<Shared>) {
    let listener = TcpListener::from_std(listener).unwrap();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let shared = Arc::clone(&shared);
                async move {
                    // A task of its own: the call goes on when the caller hangs up.
                    let task = tokio::spawn(async move { answer(request, shared).await });
                    task.await.map_err(|_| Cut)?
                }
            });
            // A caller that hangs up is none of the proxy's business.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(
    request: hyper::Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<hyper::Response<Full<Bytes>>, Cut> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let request = Request::new(parts.method, parts.uri, parts.headers, body);
    let actions = shared.actions_for(&request);
    let (reply, forwarded) = follow(&request, &actions, &shared.backend).await;
    let status = reply.as_ref().map(|reply| reply.status.as_u16());
    shared.calls.lock().unwrap().push(Call { request, status, forwarded });
    let reply = reply.ok_or(Cut)?;
    let mut response = hyper::Response::new(Full::new(reply.body));
    *response.status_mut() = reply.status;
    *response.headers_mut() = reply.headers;
    Ok(response)
}

impl Shared {
    /// The actions of the rules that match, and counts the match.
    fn actions_for(&self, request: &Request) -> Vec<Action> {
        let mut rules = self.rules.lock().unwrap();
        let mut actions = Vec::new();
        for active in rules.iter_mut() {
            let matches = match &active.rule.pattern {
                Pattern::Any => true,
                Pattern::Changes => is_change(request),
                Pattern::Service(service) => *service == request.service,
                Pattern::Operation(operation) => *operation == request.name(),
            };
            let end = active.rule.path.as_ref();
            let matches = matches && end.is_none_or(|end| request.uri.path().ends_with(end.as_str()));
            if matches {
                active.matched += 1;
                if active.rule.calls.contains(&active.matched) {
                    actions.push(active.rule.action.clone());
                }
            }
        }
        actions
    }
}

/// The answer, `None` to cut the connection, and whether the backend got the call.
async fn follow(request: &Request, actions: &[Action], backend: &Backend) -> (Option<Reply>, bool) {
    for action in actions {
        let reply = match action {
            Action::Delay(time) => {
                tokio::time::sleep(*time).await;
                None
            }
            Action::HoldBefore(gate) => {
                gate.pass().await;
                None
            }
            Action::CutBefore => return (None, false),
            Action::Throttle => Some(ServiceError::throttling(request).reply(request)),
            Action::Fail(error) => Some(error.reply(request)),
            Action::Status(status) => Some(Reply::new(*status, "text/html", "<html></html>")),
            Action::Check(check) => {
                check(request.clone(), backend.clone()).await.map(|error| error.reply(request))
            }
            Action::Respond(respond) => respond(request),
            Action::CutAfter | Action::HoldAfter(_) | Action::Rewrite(_) | Action::Strip(_) => None,
        };
        if reply.is_some() {
            return (reply, false);
        }
    }
    let mut forwarded = std::borrow::Cow::Borrowed(request);
    for action in actions {
        if let Action::Strip(names) = action {
            for name in names {
                forwarded.to_mut().headers.remove(name.as_str());
            }
        }
    }
    let mut reply = backend.forward(&forwarded).await;
    for action in actions {
        match action {
            Action::CutAfter => return (None, true),
            Action::HoldAfter(gate) => gate.pass().await,
            Action::Rewrite(rewrite) => reply = rewrite(request, reply),
            _ => {}
        }
    }
    (Some(reply), true)
}
