//! AWS's protocols on the wire: which operation a request calls, and what an error looks like there.
//!
//! Sources: Smithy's AWS protocol specifications (awsQuery, ec2Query, awsJson1_0, awsJson1_1, restXml,
//! Smithy RPC v2 CBOR) and Signature Version 4 for the name of the service.

use bytes::Bytes;
use hyper::{HeaderMap, Method, StatusCode, Uri};

/// How parameters, answers and errors are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// A form with `Action=`, answered in XML.
    Query,
    /// The same with EC2's own error document.
    Ec2Query,
    /// JSON with the operation in `X-Amz-Target`; the version is in the content type.
    Json,
    /// CBOR at `/service/S/operation/O`.
    RpcCbor,
    /// HTTP methods and paths; S3 among the services that are tested.
    Rest,
}

/// A request with its body.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Method,
    pub uri: Uri,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub protocol: Protocol,
    /// The service as it is named in signatures: `ec2`, `elasticloadbalancing`, `kinesis`, `monitoring`…
    pub service: String,
    /// `CreateStream`; for [`Protocol::Rest`] `PUT /path` unless S3's operation is known.
    pub operation: String,
}

impl Request {
    pub fn new(method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Request {
        let service = signed_service(&headers).unwrap_or_else(|| "unsigned".to_owned());
        let (protocol, operation) = identify(&method, &uri, &headers, &body, &service);
        Request { method, uri, headers, body, protocol, service, operation }
    }

    /// `service.Operation`, the name under which calls are counted.
    pub fn name(&self) -> String {
        format!("{}.{}", self.service, self.operation)
    }

    /// A parameter of a query protocol, by its full name (`DefaultActions.member.1.TargetGroupArn`).
    pub fn parameter(&self, name: &str) -> Option<String> {
        form(&self.body).find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// All parameters of a query protocol.
    pub fn parameters(&self) -> impl Iterator<Item = (String, String)> + '_ {
        form(&self.body)
    }

    /// The body of a JSON protocol; null for others.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// An answer with its body.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Reply {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", content_type.parse().unwrap());
        Reply { status: StatusCode::from_u16(status).unwrap(), headers, body: body.into() }
    }

    /// A successful answer in JSON 1.1.
    pub fn json(body: &serde_json::Value) -> Reply {
        Reply::new(200, "application/x-amz-json-1.1", body.to_string())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The same answer with another body.
    pub fn with_body(mut self, body: impl Into<Bytes>) -> Reply {
        self.body = body.into();
        self.headers.remove("content-length");
        self
    }
}

/// An error of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceError {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl ServiceError {
    pub fn new(status: u16, code: &str, message: &str) -> ServiceError {
        ServiceError { status, code: code.to_owned(), message: message.to_owned() }
    }

    /// What the service says when there are too many requests: EC2 `RequestLimitExceeded` with 503 (EC2
    /// API reference, common errors), query services `Throttling` with 400, the others
    /// `ThrottlingException` with 400; S3 `SlowDown` with 503.
    pub fn throttling(request: &Request) -> ServiceError {
        let (status, code) = match (request.protocol, request.service.as_str()) {
            (Protocol::Ec2Query, _) => (503, "RequestLimitExceeded"),
            (Protocol::Query, _) => (400, "Throttling"),
            (Protocol::Rest, "s3") => (503, "SlowDown"),
            _ => (400, "ThrottlingException"),
        };
        ServiceError::new(status, code, "Rate exceeded")
    }

    /// The error as the protocol of the request writes it.
    pub fn reply(&self, request: &Request) -> Reply {
        let (code, message) = (escape(&self.code), escape(&self.message));
        let kind = if self.status < 500 { "Sender" } else { "Receiver" };
        match request.protocol {
            Protocol::Ec2Query => Reply::new(
                self.status,
                "text/xml;charset=UTF-8",
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
                     <Message>{message}</Message></Error></Errors><RequestID>test</RequestID></Response>"
                ),
            ),
            Protocol::Query => Reply::new(
                self.status,
                "text/xml",
                format!(
                    "<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>{message}</Message>\
                     </Error><RequestId>test</RequestId></ErrorResponse>"
                ),
            ),
            Protocol::Rest if request.service == "s3" => Reply::new(
                self.status,
                "application/xml",
                format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"),
            ),
            Protocol::Json | Protocol::Rest => {
                let body = serde_json::json!({ "__type": self.code, "message": self.message }).to_string();
                let mut reply = Reply::new(self.status, "application/x-amz-json-1.1", body);
                reply.headers.insert("x-amzn-errortype", self.code.parse().unwrap());
                reply
            }
            Protocol::RpcCbor => {
                let mut body = vec![0xa2];
                for text in ["__type", &self.code, "message", &self.message] {
                    cbor_text(text, &mut body);
                }
                let mut reply = Reply::new(self.status, "application/cbor", body);
                reply.headers.insert("smithy-protocol", "rpc-v2-cbor".parse().unwrap());
                reply
            }
        }
    }
}

/// `Credential=KEY/DATE/REGION/SERVICE/aws4_request` in the header of a signed request.
fn signed_service(headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get("authorization")?.to_str().ok()?;
    let scope = authorization.split_once("Credential=")?.1.split(',').next()?;
    scope.split('/').nth(3).map(str::to_owned)
}

fn identify(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &Bytes,
    service: &str,
) -> (Protocol, String) {
    if let Some(target) = headers.get("x-amz-target").and_then(|target| target.to_str().ok()) {
        let operation = target.rsplit('.').next().unwrap_or(target);
        return (Protocol::Json, operation.to_owned());
    }
    let path: Vec<&str> = uri.path().split('/').collect();
    if let ["", "service", _, "operation", operation] = path[..] {
        return (Protocol::RpcCbor, operation.to_owned());
    }
    let is_form = headers
        .get("content-type")
        .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if is_form && let Some((_, action)) = form(body).find(|(name, _)| name == "Action") {
        let protocol = if service == "ec2" { Protocol::Ec2Query } else { Protocol::Query };
        return (protocol, action);
    }
    let operation = match service {
        "s3" => s3_operation(method, uri),
        _ => None,
    };
    (Protocol::Rest, operation.map_or_else(|| format!("{method} {}", uri.path()), str::to_owned))
}

/// S3's operations on plain objects and buckets, addressed by path.
fn s3_operation(method: &Method, uri: &Uri) -> Option<&'static str> {
    let plain = uri.query().is_none_or(|query| {
        query
            .split('&')
            .all(|one| ["x-id", "list-type", "prefix", "delimiter"].contains(&one.split('=').next().unwrap()))
    });
    let has_key = uri.path().trim_start_matches('/').split_once('/').is_some_and(|(_, key)| !key.is_empty());
    match (method.as_str(), has_key) {
        _ if !plain => None,
        ("GET", true) => Some("GetObject"),
        ("PUT", true) => Some("PutObject"),
        ("HEAD", true) => Some("HeadObject"),
        ("DELETE", true) => Some("DeleteObject"),
        ("GET", false) => Some("ListObjectsV2"),
        ("PUT", false) => Some("CreateBucket"),
        ("HEAD", false) => Some("HeadBucket"),
        ("DELETE", false) => Some("DeleteBucket"),
        _ => None,
    }
}

/// The pairs of an `application/x-www-form-urlencoded` body.
fn form(body: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()).map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        (percent_decode(&pair[..at]), percent_decode(pair.get(at + 1..).unwrap_or_default()))
    })
}

fn percent_decode(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten();
        let byte = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match byte {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text string of CBOR (RFC 8949, section 3.1, major type 3) of up to 65,535 bytes.
fn cbor_text(text: &str, out: &mut Vec<u8>) {
    match text.len() {
        length @ 0..24 => out.push(0x60 | length as u8),
        length @ 24..256 => out.extend([0x78, length as u8]),
        length => {
            out.push(0x79);
            out.extend((length as u16).to_be_bytes());
        }
    }
    out.extend(text.as_bytes());
}

pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
