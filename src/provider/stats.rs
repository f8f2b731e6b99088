//! What was asked of a service: every call counted by operation.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The calls of one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OperationCalls {
    /// Calls, each counted once however often it had to be tried.
    pub calls: u64,
    /// Requests sent beyond the first of a call.
    pub retries: u64,
    /// Answers that said “too many requests”.
    pub throttles: u64,
    /// Calls that ended in an error.
    pub failures: u64,
    /// From the start of a call to its end, pauses before retries included, added up over all calls.
    pub duration: Duration,
}

/// Counts of all calls, by `service.Operation` (`ec2.DescribeSecurityGroups`). Clones share one count.
#[derive(Clone, Debug, Default)]
pub struct CallStats(Arc<Mutex<BTreeMap<String, OperationCalls>>>);

impl CallStats {
    /// Adds the numbers of one finished call.
    pub fn add(&self, service: &str, operation: &str, call: OperationCalls) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = counts.entry(format!("{service}.{operation}")).or_default();
        entry.calls += call.calls;
        entry.retries += call.retries;
        entry.throttles += call.throttles;
        entry.failures += call.failures;
        entry.duration += call.duration;
    }

    /// The counts so far.
    pub fn snapshot(&self) -> BTreeMap<String, OperationCalls> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_one_count() {
        let stats = CallStats::default();
        let call =
            OperationCalls { calls: 1, retries: 2, duration: Duration::from_millis(5), ..Default::default() };
        stats.clone().add("ec2", "DescribeVpcs", call);
        stats.add("ec2", "DescribeVpcs", call);
        stats.add("kinesis", "ListStreams", OperationCalls { calls: 1, failures: 1, ..Default::default() });
        let snapshot = stats.snapshot();
        assert_eq!(snapshot.keys().collect::<Vec<_>>(), ["ec2.DescribeVpcs", "kinesis.ListStreams"]);
        assert_eq!(snapshot["ec2.DescribeVpcs"].retries, 4);
        assert_eq!(snapshot["ec2.DescribeVpcs"].duration, Duration::from_millis(10));
        assert_eq!(snapshot["kinesis.ListStreams"].failures, 1);
    }
}
