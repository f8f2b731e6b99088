//! SDK errors as [`OperationError`]s.

use std::error::Error;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use super::transport::Unreached;
use crate::provider::{ErrorKind, OperationError};

/// The error of a failed call. `operation` is the IAM action, `elasticloadbalancing:CreateLoadBalancer`.
pub fn failed<E>(operation: &str, error: SdkError<E, HttpResponse>) -> OperationError
where
    E: Error + ProvideErrorMetadata + RequestId + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let service = context.err();
            let Some(code) = service.code().map(str::to_owned) else {
                return OperationError::new(
                    ErrorKind::Unavailable,
                    operation,
                    not_the_service(context.raw()),
                );
            };
            OperationError {
                kind: kind_of(&code),
                operation: operation.to_owned(),
                code: Some(code),
                message: service.message().map_or_else(|| with_causes(service), without_blob),
                request_id: service.request_id().map(str::to_owned),
                partial: None,
            }
        }
        SdkError::ResponseError(context) => {
            OperationError::new(ErrorKind::Unavailable, operation, not_the_service(context.raw()))
        }
        other => {
            let message = match unreached(&other) {
                Some(unreached) => with_causes(unreached),
                None => with_causes(&other),
            };
            let credentials = message.contains("credentials") || message.contains("Credentials");
            let kind = if credentials { ErrorKind::Credentials } else { ErrorKind::Unavailable };
            OperationError::new(kind, operation, message)
        }
    }
}

/// Says of an answer that it is not one of the service's: it comes from something between, or the service is down.
fn not_the_service(answer: &HttpResponse) -> String {
    format!(
        "the endpoint answered HTTP status {} and nothing that the service would say",
        answer.status().as_u16()
    )
}

/// What the transport says of an endpoint that gave no answer.
fn unreached<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Unreached> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(unreached) = error.downcast_ref() {
            return Some(unreached);
        }
        cause = error.source();
    }
    None
}

/// A message without the part that only `sts:DecodeAuthorizationMessage` can read, hundreds of characters long.
fn without_blob(message: &str) -> String {
    let end = message.find(" Encoded authorization failure message:").unwrap_or(message.len());
    message[..end].to_owned()
}

/// An error's message with those of its causes, each once.
pub fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // What the HTTP client says of itself helps nobody.
        if !message.contains(&text) && !text.starts_with("client error (") {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

/// The kind of an error code. Codes of one meaning differ from service to service; what they have in common is
/// how they end.
fn kind_of(code: &str) -> ErrorKind {
    match code {
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "AuthFailure"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken" => ErrorKind::Credentials,
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "OptInRequired" => {
            ErrorKind::AccessDenied
        }
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "TooManyRequestsException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "ProvisionedThroughputExceededException" => ErrorKind::Throttled,
        "InternalError"
        | "InternalFailure"
        | "InternalServerError"
        | "ServiceUnavailable"
        | "ServiceUnavailableException"
        | "InternalFailureException"
        | "Unavailable" => ErrorKind::Unavailable,
        "ResourceInUse"
        | "ResourceInUseException"
        | "DependencyViolation"
        | "DeleteConflict"
        | "InvalidGroup.InUse" => ErrorKind::InUse,
        _ if code.ends_with("NotFound")
            || code.ends_with("NotFoundException")
            || code.ends_with("NotFoundError")
            || code.ends_with(".Unknown")
            || code.starts_with("NoSuch")
            || code.ends_with("Malformed") && code.contains("ID.") =>
        {
            ErrorKind::NotFound
        }
        _ if code.ends_with("AlreadyExists")
            || code.ends_with("AlreadyExistsException")
            || code.ends_with(".Duplicate")
            || code.starts_with("Duplicate")
            || code.starts_with("EntityAlreadyExists") =>
        {
            ErrorKind::AlreadyExists
        }
        _ if code.starts_with("Invalid")
            || code.starts_with("Malformed")
            || code.starts_with("Missing")
            || code.contains("Validation") =>
        {
            ErrorKind::Invalid
        }
        _ => ErrorKind::Other,
    }
}
