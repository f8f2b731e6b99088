//! SIGINT and SIGTERM. The first asks to stop: nothing more is begun, what is under way is finished and recorded, the
//! lock is given back. The second ends the process at once; its state is valid at every moment.

use std::sync::Once;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// The first signal's number; 0 if there was none.
static SIGNAL: AtomicU8 = AtomicU8::new(0);

static CAME: Notify = Notify::const_new();

static LISTENING: Once = Once::new();

/// From now on signals are waited for, in a thread of its own until the process ends.
pub fn listen() {
    LISTENING.call_once(|| {
        let (sender, ready) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            // Without a listener signals do what they do by default.
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
                let (Ok(mut interrupt), Ok(mut terminate)) = (signal(kinds[0]), signal(kinds[1])) else {
                    return;
                };
                let _ = sender.send(());
                loop {
                    tokio::select! {
                        _ = interrupt.recv() => came(kinds[0]),
                        _ = terminate.recv() => came(kinds[1]),
                    }
                }
            });
        });
        // From the return on, none is missed. The sender is gone if there is no listener.
        let _ = ready.recv();
    });
}

fn came(kind: SignalKind) {
    let number = u8::try_from(kind.as_raw_value()).unwrap_or_default();
    if SIGNAL.compare_exchange(0, number, Ordering::Relaxed, Ordering::Relaxed).is_err() {
        std::process::exit(i32::from(128 + number));
    }
    eprintln!("\nInterrupted: finishing what is under way. Interrupt again to stop at once.");
    CAME.notify_waiters();
}

/// Whether to stop.
pub fn is_stopped() -> bool {
    SIGNAL.load(Ordering::Relaxed) != 0
}

/// The exit code of a command that was asked to stop: 130 for SIGINT, 143 for SIGTERM.
pub fn code() -> Option<u8> {
    match SIGNAL.load(Ordering::Relaxed) {
        0 => None,
        number => Some(128 + number),
    }
}

/// Ends when the first signal has come.
pub async fn stopped() {
    let came = CAME.notified();
    tokio::pin!(came);
    // From here on a signal is noticed, be it before or after the look.
    came.as_mut().enable();
    if !is_stopped() {
        came.await;
    }
}
