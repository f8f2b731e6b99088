//! Waiting for an object to get where it should.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::provider::{ErrorKind, OperationError};

/// How a look at the object ended.
pub enum Progress<T> {
    /// It is where it should be.
    Done(T),
    /// Not yet; the word says what it is doing, for the message if time runs out.
    Waiting(String),
}

/// Looks again and again, at first often and then every ten seconds, until the object is where it should be, a
/// look fails, or the time is over.
pub async fn until<T, F, L>(what: &str, patience: Duration, mut look: F) -> Result<T, OperationError>
where
    F: FnMut() -> L,
    L: Future<Output = Result<Progress<T>, OperationError>>,
{
    let start = Instant::now();
    let mut pause = Duration::from_millis(250);
    loop {
        let doing = match look().await? {
            Progress::Done(value) => return Ok(value),
            Progress::Waiting(doing) => doing,
        };
        if start.elapsed() + pause > patience {
            return Err(OperationError::new(
                ErrorKind::TimedOut,
                "",
                format!("waited {} s for {what}; it was still {doing}", patience.as_secs()),
            ));
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(10));
    }
}
