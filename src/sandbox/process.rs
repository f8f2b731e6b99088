//! Processes that this one did not start, or no longer holds: are they there, are they ours, end them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;

/// How long a process may take to end after SIGTERM before it gets SIGKILL.
const GRACE: Duration = Duration::from_secs(3);

/// True while a process with the id exists, be it another user's.
pub fn is_alive(pid: u32) -> bool {
    match to_pid(pid) {
        Some(pid) => kill(pid, None) != Err(Errno::ESRCH),
        None => false,
    }
}

/// True if the process with the id was started with the token among its arguments. The operating
/// system gives the ids of ended processes to new ones: a recorded id alone says nothing.
pub fn has_argument(pid: u32, token: &str) -> bool {
    let arguments = Path::new("/proc").join(pid.to_string()).join("cmdline");
    if let Ok(content) = std::fs::read(arguments) {
        return content.split(|byte| *byte == 0).any(|argument| argument == token.as_bytes());
    }
    // Systems without /proc, such as macOS.
    Command::new("ps").args(["-ww", "-o", "command=", "-p", &pid.to_string()]).output().is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).split_whitespace().any(|word| word == token)
    })
}

/// Ends the process group that the process leads: SIGTERM, and SIGKILL if that does not help.
/// True if the process is gone.
pub fn end_group(pid: u32) -> bool {
    let Some(group) = to_pid(pid) else { return false };
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        // Whoever ends in between is what was wanted.
        let _ = killpg(group, signal);
        let deadline = Instant::now() + GRACE;
        while Instant::now() < deadline {
            if !is_alive(pid) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    !is_alive(pid)
}

/// Ids 0 and 1 and those beyond the system's range mean something else to `kill`.
fn to_pid(pid: u32) -> Option<Pid> {
    i32::try_from(pid).ok().filter(|pid| *pid > 1).map(Pid::from_raw)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_recognised_by_its_argument_and_ended() {
        use std::os::unix::process::CommandExt;
        let mut child = Command::new("sh")
            .args(["-c", "while :; do sleep 60; done", "token-of-this-test"])
            .process_group(0)
            .spawn()
            .unwrap();
        let pid = child.id();
        assert!(is_alive(pid));
        assert!(!has_argument(pid, "another-token"));
        // Between fork and exec the process still has this one's arguments.
        let deadline = Instant::now() + Duration::from_secs(10);
        while !has_argument(pid, "token-of-this-test") {
            assert!(Instant::now() < deadline, "the argument was never seen");
            std::thread::yield_now();
        }
        let reaper = std::thread::spawn(move || child.wait());
        assert!(end_group(pid));
        assert!(!reaper.join().unwrap().unwrap().success());
        assert!(!is_alive(pid));
    }

    #[test]
    fn ids_with_a_meaning_of_their_own_are_no_process_to_end() {
        for pid in [0, 1, u32::MAX] {
            assert!(!is_alive(pid) || pid == 1);
            assert!(!end_group(pid));
        }
    }
}
