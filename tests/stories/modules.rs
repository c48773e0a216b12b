//! Modules of a private repository, fetched over SSH with the key that a workspace was given, from an OpenSSH server.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use terrane_tests::process::eventually;
use terrane_tests::{ORGANIZATION, Server, Slug, Stage, settings};

use crate::stories;

stories! {
    NONE:
        a_module_comes_over_ssh_with_the_key_of_its_workspace,
        a_host_that_is_not_the_known_one_gives_no_module;
}

/// A host with a git repository, and a key that opens it.
struct Host {
    sshd: Child,
    port: u16,
    user: String,
    folder: TempDir,
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.sshd.kill();
        let _ = self.sshd.wait();
    }
}

impl Host {
    fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("tt-ssh-").tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for key in ["host", "other-host", "client"] {
            run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", key, "-f"]).arg(at(key)));
        }
        fs::copy(at("client.pub"), at("authorized")).expect("who may come in");
        repository(folder.path());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let configuration = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nStrictModes no\nUsePAM no\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\n",
            at("host").display(),
            at("authorized").display(),
        );
        fs::write(at("sshd_config"), configuration).expect("a configuration");
        let log = fs::File::create(at("log")).expect("a log");
        let mut sshd = Command::new(settings::sshd());
        let sshd = sshd.args(["-D", "-e", "-f"]).arg(at("sshd_config")).stdin(Stdio::null()).stderr(log);
        let mut host = Self { sshd: sshd.spawn().expect("start sshd"), port, user: user(), folder };
        eventually("an SSH server", Duration::from_secs(30), || {
            let ended = host.sshd.try_wait().expect("ask for a child's status");
            assert!(ended.is_none(), "sshd ended: {}", host.log());
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// A file that says of the host that it has this key.
    fn known_hosts(&self, key: &str) -> PathBuf {
        let public = fs::read_to_string(self.path(key).with_extension("pub")).expect("a public key");
        let path = self.path(&format!("known-{key}"));
        fs::write(&path, format!("[127.0.0.1]:{} {public}", self.port)).expect("a file of known hosts");
        path
    }

    fn configuration(&self) -> String {
        let (user, port, repository) = (&self.user, self.port, self.path("modules.git"));
        format!(
            "module \"it\" {{\n  source = \"git::ssh://{user}@127.0.0.1:{port}{}//greeting\"\n}}\noutput \"said\" {{\n  value = module.it.said\n}}\n",
            repository.display()
        )
    }
}

/// Makes a repository with a module in one of its folders.
fn repository(folder: &Path) {
    let (work, module) = (folder.join("work"), folder.join("work/greeting"));
    fs::create_dir_all(&module).expect("a folder");
    fs::write(module.join("main.tf"), "output \"said\" {\n  value = \"from afar\"\n}\n").expect("a module");
    let git = |arguments: &[&str]| {
        let who = ["-c", "user.name=story", "-c", "user.email=story@example.test", "-c", "init.defaultBranch=main"];
        run(Command::new("git").current_dir(&work).env("HOME", folder).args(who).args(arguments));
    };
    git(&["init", "-q"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "A module"]);
    git(&["clone", "-q", "--bare", ".", "../modules.git"]);
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn user() -> String {
    let output = Command::new("id").arg("-un").output().expect("who the tests are");
    String::from_utf8(output.stdout).expect("a name").trim().to_owned()
}

/// A stage whose runs reach the host, with more flags.
fn stage(stage: &Stage, host: &Host, flags: &[&str]) -> Stage {
    let ports = format!("22,80,443,{}", host.port);
    let flags = [&["--runner-ports", &ports][..], settings::loopback(), flags].concat();
    Stage::on(Server::start_with(stage.server.database(), &flags), stage.version())
}

/// A workspace, with the key of the host's client or without.
fn workspace(stage: &Stage, host: &Host, name: &str, with_key: bool) -> String {
    let id = stage.create_workspace(name, json!({ "auto-apply": true, "terraform-version": stage.version().number() }));
    if with_key {
        let value = fs::read_to_string(host.path("client")).expect("a private key");
        let document = json!({ "data": { "type": "ssh-keys", "attributes": { "name": name, "value": value } } });
        let key = stage.api().post(&format!("organizations/{ORGANIZATION}/ssh-keys"), &document).is(&[201]).data();
        let document = json!({ "data": { "type": "workspaces", "attributes": { "id": key["id"] } } });
        let _ = stage.api().patch(&format!("workspaces/{id}/relationships/ssh-key"), &document).is(&[200]);
    }
    id
}

/// Plans and applies in a workspace until the run has one of these statuses; gives the run and the log of its plan.
fn execute(stage: &Stage, host: &Host, workspace: &str, reaches: &str) -> (Value, String) {
    let slug = Slug::pack(&[("main.tf", &host.configuration())]);
    let run = stage.queue(workspace, &stage.uploaded(workspace, false, &slug), &json!({}));
    let run = stage.reaches(&run, &[reaches]);
    let log = stage.log(&run, "plan");
    (run, log)
}

fn a_module_comes_over_ssh_with_the_key_of_its_workspace(base: &mut Stage) {
    let host = Host::start();
    let known = host.known_hosts("host");
    let strict = stage(base, &host, &["--ssh-known-hosts", known.to_str().expect("a path of letters")]);
    let id = workspace(&strict, &host, "app", true);
    execute(&strict, &host, &id, "applied");
    let state = strict.state("app").expect("a state");
    let state: Value = serde_json::from_slice(&state).expect("a state is JSON");
    assert_eq!(state["outputs"]["said"]["value"], "from afar", "{}", host.log());
    let keyless = workspace(&strict, &host, "keyless", false);
    let (_, log) = execute(&strict, &host, &keyless, "errored");
    assert!(log.contains("Failed to download module") || log.contains("module"), "{log}");
    assert!(!log.contains("PRIVATE KEY"), "{log}");
    strict.leave();

    // Without a list every host is trusted, as elsewhere in the field.
    let trusting = stage(base, &host, &[]);
    let id = workspace(&trusting, &host, "app", true);
    execute(&trusting, &host, &id, "applied");
    trusting.leave();
}

fn a_host_that_is_not_the_known_one_gives_no_module(base: &mut Stage) {
    let host = Host::start();
    let known = host.known_hosts("other-host");
    let strict = stage(base, &host, &["--ssh-known-hosts", known.to_str().expect("a path of letters")]);
    let id = workspace(&strict, &host, "app", true);
    let (_, log) = execute(&strict, &host, &id, "errored");
    assert!(
        log.contains("Host key verification failed"),
        "the log says something else: {log}\nthe host: {}",
        host.log()
    );
    assert!(!host.log().contains("Accepted publickey"), "the key was offered to a stranger: {}", host.log());
    assert!(strict.state("app").is_none(), "nothing was applied");
    strict.leave();
}
