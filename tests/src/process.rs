//! Looking at other processes: which ones a server has left behind, and how much memory one uses.

use std::fs;
use std::path::Path;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Sends SIGTERM.
///
/// # Panics
/// When the process is gone.
pub fn terminate(child: &Child) {
    kill_process(Pid::from_child(child), Signal::TERM).expect("send SIGTERM");
}

/// Sends SIGKILL to a process by its id; one that is already gone is as good as killed.
pub fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// The processes whose command line, environment or working directory names `folder`, this process left out.
#[must_use]
pub fn that_name(folder: &Path) -> Vec<u32> {
    let needle = folder.as_os_str().as_encoded_bytes();
    let processes = fs::read_dir("/proc").expect("read /proc").flatten();
    let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|&pid| pid != std::process::id() && names(pid, needle)).collect()
}

fn names(pid: u32, needle: &[u8]) -> bool {
    let holds = |bytes: &[u8]| bytes.windows(needle.len()).any(|window| window == needle);
    let root = format!("/proc/{pid}");
    ["cmdline", "environ"].iter().any(|file| fs::read(format!("{root}/{file}")).is_ok_and(|bytes| holds(&bytes)))
        || fs::read_link(format!("{root}/cwd")).is_ok_and(|path| holds(path.as_os_str().as_encoded_bytes()))
}

/// When a process was started, in hundredths of a second since the machine was; nothing when it is gone.
#[must_use]
pub fn began(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // A clock tick is a hundredth of a second on every Linux that terraform runs on.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

/// The command line of a process, its arguments joined by blanks; empty when it is gone.
#[must_use]
pub fn command_line(pid: u32) -> String {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ").trim().to_owned()
}

/// The resident memory of a process in KiB.
///
/// # Panics
/// When the process is gone.
#[must_use]
pub fn resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the status of a running process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
    line.trim().trim_end_matches(" kB").trim().parse().expect("VmRSS is a number")
}

/// Asks `question` until it answers, for at most `patience`: for what has no event to wait on from outside a process.
///
/// # Panics
/// When there is no answer in time, naming `what`.
#[track_caller]
pub fn eventually<T>(what: &str, patience: Duration, mut question: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = question() {
            return answer;
        }
        let waited = began.elapsed();
        assert!(waited < patience, "{what}: not within {patience:?}");
        // What takes long is asked for less often: questions take the processor from what they ask for.
        std::thread::sleep((waited / 20).clamp(Duration::from_millis(10), Duration::from_millis(250)));
    }
}
