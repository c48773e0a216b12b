//! The wall around one step: what a foreign program can see, write, dial and signal.
//!
//! Two layers, because neither is enough. Landlock alone leaves unix sockets, `stat`, `chmod` and inotify on hidden directories open, and only a
//! PID namespace leaves nothing behind against a fork storm; namespaces alone leave every readable file of the machine readable.

use super::spec::Wall;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, NetPort, Ruleset, RulesetAttr, RulesetCreated, RulesetCreatedAttr,
    RulesetStatus, Scope, path_beneath_rules,
};
use nix::{
    mount::{MsFlags, mount},
    sys::{
        prctl,
        resource::{Resource, getrlimit, setrlimit},
        signal::Signal,
    },
    unistd::{Gid, Uid, setgroups, setresgid, setresuid},
};
use std::{
    fs::{self, File},
    io,
    os::{fd::AsRawFd, unix::fs::OpenOptionsExt},
    path::{Path, PathBuf},
};

/// What every step sees besides its work directory, the engine and the provider mirror.
const READ: &[&str] = &["/usr", "/lib", "/lib64", "/bin", "/sbin"];
const READ_FILES: &[&str] = &[
    "/etc/ssl",
    "/etc/pki",
    "/etc/ca-certificates",
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/group",
    "/etc/localtime",
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/dev/urandom",
    "/dev/random",
    "/dev/zero",
];
/// Directories where sockets of other services lie.
const ALWAYS_HIDDEN: &[&str] = &["/run", "/tmp", "/var/tmp"];

/// The namespaces of a step, as flags of clone(2).
pub(super) fn clone_flags(wall: &Wall) -> libc::c_int {
    if !wall.namespaces {
        return 0;
    }
    let user = if Uid::current().is_root() { 0 } else { libc::CLONE_NEWUSER };
    user | libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC
}

/// Everything that happens in the new process before it becomes the engine. `uid` and `gid` are those of the supervisor.
pub(super) fn enter(wall: &Wall, directory: &Path, uid: Uid, gid: Gid) -> Result<(), String> {
    fs::write("/proc/self/oom_score_adj", "900").ok();
    if wall.namespaces {
        if !uid.is_root() {
            tell(fs::write("/proc/self/setgroups", "deny"), "give up groups")?;
            tell(fs::write("/proc/self/uid_map", format!("{uid} {uid} 1")), "map the user")?;
            tell(fs::write("/proc/self/gid_map", format!("{gid} {gid} 1")), "map the group")?;
        }
        cover(wall)?;
        if uid.is_root() {
            tell(setgroups(&[]), "give up groups")?;
            let (uid, gid) = (Uid::from_raw(wall.uid), Gid::from_raw(wall.uid));
            tell(setresgid(gid, gid, gid), "change the group")?;
            tell(setresuid(uid, uid, uid), "change the user")?; // drops every capability too
        }
    }
    // After setresuid, which clears it. The supervisor has one thread, so that its end is the end of that thread.
    tell(prctl::set_pdeathsig(Signal::SIGKILL), "bind the step to its supervisor")?;
    limits();
    tell(std::env::set_current_dir(directory), "enter the directory of the configuration")?;
    if wall.landlock {
        let status = tell(ruleset(wall).and_then(RulesetCreated::restrict_self), "raise Landlock")?;
        if status.ruleset == RulesetStatus::NotEnforced {
            return Err("cannot raise Landlock: this kernel does not have it".to_owned());
        }
    }
    Ok(())
}

fn tell<T, E: std::fmt::Display>(result: Result<T, E>, doing: &str) -> Result<T, String> {
    result.map_err(|error| format!("cannot {doing}: {error}"))
}

fn ruleset(wall: &Wall) -> Result<RulesetCreated, landlock::RulesetError> {
    let abi = ABI::V6; // best effort: what this kernel does not know is left out
    let see: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let not_in_work = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev;
    let mut rules = Ruleset::default()
        .handle_access(AccessFs::from_all(abi))?
        .handle_access(AccessNet::from_all(abi))?
        .scope(Scope::from_all(abi))?
        .create()?
        .add_rules(path_beneath_rules(READ, see | AccessFs::Execute))?
        .add_rules(path_beneath_rules(READ_FILES, see))?
        .add_rules(path_beneath_rules(&wall.read, see | AccessFs::Execute))?
        .add_rules(path_beneath_rules([&wall.work], AccessFs::from_all(abi) & !not_in_work))?
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile))?;
    if wall.namespaces {
        rules = rules.add_rules(path_beneath_rules(["/proc"], see))?; // its own, fresh one
        if temporary(wall) == Path::new("/tmp") {
            rules = rules.add_rules(path_beneath_rules(["/tmp"], AccessFs::from_all(abi) & !not_in_work))?;
        }
    }
    for port in &wall.ports {
        rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
    }
    Ok(rules)
}

fn limits() {
    let limits = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NOFILE, 4096),
        (Resource::RLIMIT_NPROC, 512),
        (Resource::RLIMIT_FSIZE, 8 << 30),
        (Resource::RLIMIT_MEMLOCK, 64 << 10),
        (Resource::RLIMIT_DATA, 4 << 30),
    ];
    for (resource, wanted) in limits {
        let hard = getrlimit(resource).map_or(wanted, |(_, hard)| hard.min(wanted)); // lowering needs no capability, raising does
        setrlimit(resource, hard, hard).ok();
    }
}

/// Where temporary files go: `/tmp` of the namespace, since the path of a provider's socket must fit in 108 bytes; beneath the work directory
/// where that itself lies in `/tmp`, or where there is no namespace.
pub(crate) fn temporary(wall: &Wall) -> PathBuf {
    if wall.namespaces && !wall.work.starts_with("/tmp") && !wall.read.iter().any(|path| path.starts_with("/tmp")) {
        PathBuf::from("/tmp")
    } else {
        wall.work.join("t")
    }
}

/// Lays empty file systems over what must vanish and puts back what may be seen.
fn cover(wall: &Wall) -> Result<(), String> {
    let none = None::<&str>;
    tell(mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none), "make mounts private")?;
    let covers = covers(wall);
    let mut shown: Vec<PathBuf> = wall.read.clone();
    shown.extend(READ_FILES.iter().filter_map(|path| fs::canonicalize(path).ok()));
    shown.retain(|path| covers.iter().any(|cover| path.starts_with(cover)));
    shown.push(wall.work.clone());
    let temporary = temporary(wall);
    let mut held = Vec::new();
    for path in shown {
        match open_path(&path) {
            Ok(file) => held.push((path, file)),
            Err(_) if path != wall.work => {}
            Err(error) => return Err(format!("cannot open {}: {error}", path.display())),
        }
    }
    let inner_temporary = tell(open_path(&wall.work.join("t")), "open the directory for temporary files")?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    for path in &covers {
        tell(mount(Some("none"), path, Some("tmpfs"), flags, Some("mode=755")), &format!("cover {}", path.display()))?;
    }
    for (path, file) in &held {
        if covers.iter().any(|cover| path.starts_with(cover)) {
            bind(file, path)?;
        }
    }
    if let Some(fresh) = covers.first() {
        name_the_user(wall, fresh)?;
    }
    for path in &covers {
        tell(
            mount(none, path, none, MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY | flags, none),
            "close a covered directory",
        )?;
    }
    if temporary == Path::new("/tmp") {
        bind(&inner_temporary, &temporary)?;
    }
    tell(mount(Some("proc"), "/proc", Some("proc"), flags | MsFlags::MS_NOEXEC, none), "mount a fresh /proc")
}

/// Gives the user that a step runs as a name: ssh, for one, does nothing for a user without one. The file is made in a file system that is
/// empty but for what was bound into it: in the work directory an earlier step could have laid a link for it.
fn name_the_user(wall: &Wall, fresh: &Path) -> Result<(), String> {
    let users = Path::new("/etc/passwd");
    if !Uid::current().is_root() || !users.exists() {
        return Ok(()); // the supervisor's own user has one, or there is no place for names
    }
    let (uid, home) = (wall.uid, wall.work.join("h"));
    let line = format!("terrane:x:{uid}:{uid}::{}:/bin/sh\n", home.display());
    let path = fresh.join(".passwd");
    let mut all = tell(fs::read(users), "name the user of the step")?;
    all.extend_from_slice(line.as_bytes());
    tell(fs::write(&path, all), "name the user of the step")?;
    let none = None::<&str>;
    // It stays where it is: a file system with a file that has no name cannot be closed.
    tell(mount(Some(&path), users, none, MsFlags::MS_BIND, none), "name the user of the step")
}

/// The directories to cover, none beneath another.
fn covers(wall: &Wall) -> Vec<PathBuf> {
    let all = wall.hide.iter().cloned().chain(ALWAYS_HIDDEN.iter().map(PathBuf::from));
    let mut all: Vec<PathBuf> =
        all.filter_map(|path| fs::canonicalize(path).ok()).filter(|path| path.is_dir()).collect();
    all.sort();
    all.dedup();
    let outer = all.clone();
    all.retain(|path| !outer.iter().any(|other| other != path && path.starts_with(other)));
    all
}

fn open_path(path: &Path) -> io::Result<File> {
    fs::OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)
}

fn bind(source: &File, target: &Path) -> Result<(), String> {
    let what = format!("show {}", target.display());
    if tell(source.metadata(), &what)?.is_dir() {
        tell(fs::create_dir_all(target), &what)?;
    } else {
        if let Some(parent) = target.parent() {
            tell(fs::create_dir_all(parent), &what)?;
        }
        tell(fs::OpenOptions::new().create(true).append(true).open(target), &what)?;
    }
    let source = format!("/proc/self/fd/{}", source.as_raw_fd());
    tell(mount(Some(source.as_str()), target, None::<&str>, MsFlags::MS_BIND | MsFlags::MS_REC, None::<&str>), &what)
}
