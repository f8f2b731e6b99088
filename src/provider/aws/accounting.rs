//! Counting calls from within the SDK.

use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeSerializationInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_runtime_api::client::retries::RequestAttempts;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

use crate::provider::stats::{CallStats, OperationCalls};

/// Adds every call of one service's client to the [`CallStats`].
#[derive(Debug)]
pub(super) struct Accounting {
    service: &'static str,
    stats: CallStats,
}

impl Accounting {
    pub(super) fn new(service: &'static str, stats: CallStats) -> Accounting {
        Accounting { service, stats }
    }
}

/// What is remembered of a call on its way.
#[derive(Debug)]
struct Begun {
    at: Instant,
    throttles: u64,
}

impl Storable for Begun {
    type Storer = StoreReplace<Begun>;
}

impl Intercept for Accounting {
    fn name(&self) -> &'static str {
        "recon-accounting"
    }

    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        cfg.interceptor_state().store_put(Begun { at: Instant::now(), throttles: 0 });
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.response().is_some_and(is_throttle)
            && let Some((at, throttles)) = cfg.load::<Begun>().map(|begun| (begun.at, begun.throttles))
        {
            cfg.interceptor_state().store_put(Begun { at, throttles: throttles + 1 });
        }
        Ok(())
    }

    fn read_after_execution(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = cfg.load::<Metadata>().map_or("", Metadata::name);
        let attempts = cfg.load::<RequestAttempts>().map_or(1, RequestAttempts::attempts);
        let begun = cfg.load::<Begun>();
        let call = OperationCalls {
            calls: 1,
            retries: u64::from(attempts.saturating_sub(1)),
            throttles: begun.map_or(0, |begun| begun.throttles),
            failures: u64::from(context.output_or_error().is_some_and(|result| result.is_err())),
            duration: begun.map(|begun| begun.at.elapsed()).unwrap_or_default(),
        };
        self.stats.add(self.service, operation, call);
        Ok(())
    }
}

/// Whether an answer says “too many requests”. Services say it with status 429, or with 400 or 503 and one of a
/// few error codes in the body.
fn is_throttle(response: &HttpResponse) -> bool {
    const CODES: [&[u8]; 6] = [
        b"Throttl",
        b"RequestLimitExceeded",
        b"TooManyRequests",
        b"SlowDown",
        b"BandwidthLimitExceeded",
        b"ProvisionedThroughputExceeded",
    ];
    match response.status().as_u16() {
        429 => true,
        400 | 503 => response.body().bytes().is_some_and(|body| {
            let start = &body[..body.len().min(2048)];
            CODES.iter().any(|code| start.windows(code.len()).any(|window| window == *code))
        }),
        _ => false,
    }
}
