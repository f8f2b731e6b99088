//! Errors of operations on AWS.

use std::fmt;

use crate::lang::value::Value;

/// What kind of failure it was: what decides whether to try again, and what to advise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The object does not exist.
    NotFound,
    /// The caller may not do this; the operation names the permission.
    AccessDenied,
    /// There are no credentials, or they are not good.
    Credentials,
    /// Too many requests, to the end of patience.
    Throttled,
    /// The service could not be reached, or failed.
    Unavailable,
    /// The object exists already.
    AlreadyExists,
    /// The object is in use by another one.
    InUse,
    /// AWS refused what was asked.
    Invalid,
    /// A state was waited for and did not come in time.
    TimedOut,
    /// Anything else that the service answered.
    Other,
    /// A fault of recon's own.
    Internal,
}

/// An operation that failed.
#[derive(Clone, Debug)]
pub struct OperationError {
    pub kind: ErrorKind,
    /// `elasticloadbalancing:CreateLoadBalancer`, as IAM spells the action; empty if no call was made.
    pub operation: String,
    /// The service's error code, `DuplicateLoadBalancerName`, if it gave one.
    pub code: Option<String>,
    /// One or more sentences; never a sensitive value.
    pub message: String,
    /// The request id, for AWS support.
    pub request_id: Option<String>,
    /// What exists although the operation failed: the object is recorded and marked tainted.
    pub partial: Option<Box<Value>>,
}

impl OperationError {
    pub fn new(kind: ErrorKind, operation: impl Into<String>, message: impl Into<String>) -> OperationError {
        OperationError {
            kind,
            operation: operation.into(),
            code: None,
            message: message.into(),
            request_id: None,
            partial: None,
        }
    }

    pub fn internal(message: impl Into<String>) -> OperationError {
        OperationError::new(ErrorKind::Internal, "", message)
    }

    /// The same error, with what exists of the object.
    pub fn with_partial(mut self, object: Value) -> OperationError {
        self.partial = Some(Box::new(object));
        self
    }
}

impl fmt::Display for OperationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.operation.is_empty() {
            write!(f, "{}: ", self.operation)?;
        }
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)?;
        if let Some(request) = &self.request_id {
            write!(f, " (request {request})")?;
        }
        Ok(())
    }
}

impl std::error::Error for OperationError {}
