//! An engines directory whose terraform says when it started: see tests/tools/stamp.c.

use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use rustix::fs::inotify;
use terrane_tests::{Version, settings};

/// Fills `folder` with a stamping terraform of this version.
pub(crate) fn engines(folder: &Path, version: Version) {
    let place = folder.join(version.number());
    std::fs::create_dir_all(&place).expect("an engines directory");
    std::fs::copy(version.binary(), place.join("terraform.real")).expect("copy a terraform");
    let source = settings::checkout().join("tests/tools/stamp.c");
    let built = Command::new("cc").args(["-O2", "-Wall", "-o"]).arg(place.join("terraform")).arg(source).status();
    assert!(built.expect("run cc").success(), "the stamping terraform was not built");
}

/// The moments at which a program is opened to be executed, as the kernel tells them.
pub(crate) fn starts(program: &Path) -> Receiver<Instant> {
    let watch = inotify::init(inotify::CreateFlags::CLOEXEC).expect("inotify");
    inotify::add_watch(&watch, program, inotify::WatchFlags::OPEN).expect("watch a program");
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(watch, &mut buffer);
        while events.next().is_ok() && sender.send(Instant::now()).is_ok() {}
    });
    receiver
}
