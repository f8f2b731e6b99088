//! Asynchronous calls for synchronous callers. A state is read and written in places that may or may not be inside a
//! runtime, so the calls run in a runtime of their own and the caller waits.

use std::fmt;

use tokio::runtime::{Builder, Runtime};

use crate::state::StateError;

/// A runtime with one thread; it ends with the value.
pub(super) struct Worker(Option<Runtime>);

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Worker")
    }
}

impl Worker {
    pub(super) fn new() -> Result<Worker, StateError> {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime
            .map_err(|error| StateError::Other(format!("recon cannot start its threads: {error}.")))?;
        Ok(Worker(Some(runtime)))
    }

    /// Runs a future to its end.
    pub(super) fn run<T: Send + 'static>(
        &self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, StateError> {
        let ended = || StateError::Other("The thread that talks to S3 has ended.".to_owned());
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        self.0.as_ref().ok_or_else(ended)?.spawn(async move {
            // Whoever waits for it waits until it comes.
            let _ = sender.send(future.await);
        });
        receiver.recv().map_err(|_| ended())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // To wait for its threads is not allowed inside another runtime.
            runtime.shutdown_background();
        }
    }
}
