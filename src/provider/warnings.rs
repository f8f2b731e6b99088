//! Warnings of operations that succeed.
//!
//! A type says them while it creates, updates or deletes an object ([`warn`]); whoever runs the operation gathers
//! them ([`gather`]) and knows which object they are about.

use std::cell::RefCell;

tokio::task_local! {
    static WARNINGS: RefCell<Vec<Warning>>;
}

/// Something that did not go as it should, but keeps nothing from being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub summary: String,
    /// One or more sentences; never a sensitive value.
    pub detail: String,
}

/// Says a warning about the operation under way. Outside of [`gather`] nobody hears it.
pub fn warn(summary: impl Into<String>, detail: impl Into<String>) {
    let warning = Warning { summary: summary.into(), detail: detail.into() };
    // An error means that nobody gathers.
    let _ = WARNINGS.try_with(|warnings| warnings.borrow_mut().push(warning));
}

/// Runs an operation and answers the warnings that were said in it, too.
pub async fn gather<T>(operation: impl Future<Output = T>) -> (T, Vec<Warning>) {
    WARNINGS
        .scope(RefCell::default(), async {
            let result = operation.await;
            (result, WARNINGS.with(RefCell::take))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_operation_has_its_own_warnings() {
        let operation = |name: &'static str| {
            gather(async move {
                warn(name, "first");
                tokio::task::yield_now().await;
                warn(name, "second");
                name
            })
        };
        warn("nobody", "hears this");
        for (name, warnings) in futures::future::join_all([operation("a"), operation("b")]).await {
            let said: Vec<_> = warnings.iter().map(|warning| (&*warning.summary, &*warning.detail)).collect();
            assert_eq!(said, [(name, "first"), (name, "second")]);
        }
    }
}
