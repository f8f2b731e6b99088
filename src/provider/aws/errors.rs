//! SDK errors as [`OperationError`]s.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId;

use crate::provider::{ErrorKind, OperationError};

/// The error of a failed call. `operation` is the IAM action, `elasticloadbalancing:CreateLoadBalancer`.
pub fn failed<E, R>(operation: &str, error: SdkError<E, R>) -> OperationError
where
    E: Error + ProvideErrorMetadata + RequestId + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => {
            let service = context.err();
            let code = service.code().map(str::to_owned);
            let message = service.message().map_or_else(|| service.to_string(), str::to_owned);
            OperationError {
                kind: code.as_deref().map_or(ErrorKind::Unavailable, kind_of),
                operation: operation.to_owned(),
                code,
                message,
                request_id: service.request_id().map(str::to_owned),
                partial: None,
            }
        }
        other => {
            let message = with_causes(&other);
            let credentials = message.contains("credentials") || message.contains("Credentials");
            let kind = if credentials { ErrorKind::Credentials } else { ErrorKind::Unavailable };
            OperationError::new(kind, operation, message)
        }
    }
}

/// An error's message with those of its causes, each once.
pub fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
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
