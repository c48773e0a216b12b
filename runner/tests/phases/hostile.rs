//! Configurations that try what they must not.

use crate::rig::{Rig, variable};
use protocol::{Category, Outcome, Phase};
use std::{
    net::TcpListener,
    os::{
        linux::net::SocketAddrExt,
        unix::net::{SocketAddr, UnixListener},
    },
};

/// What every probe prints first, so that one that could not be tried at all is seen.
const TRIED: &str = "probe-was-tried";

/// A configuration whose apply runs a script.
fn script(text: &str) -> String {
    format!(
        "resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    interpreter = [\"/usr/bin/python3\", \"-c\"]\n    command = <<-EOT\n{text}\nEOT\n  }}\n}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_probe_is_refused() {
    let rig = Rig::new();
    let data = rig.data.path().canonicalize().unwrap();
    std::fs::write(data.join("master.key"), "top-secret").unwrap();
    std::fs::write(data.join("terrane.db"), "top-secret").unwrap();
    std::fs::create_dir_all(data.join("runs/apply-other/w/c")).unwrap();
    std::fs::write(data.join("runs/apply-other/w/c/secret"), "top-secret").unwrap();
    let _socket = UnixListener::bind(data.join("admin.sock")).unwrap();
    let name = format!("terrane-test-{}", std::process::id());
    let _abstract = UnixListener::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let (allowed, other) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let (allowed_port, other_port) = (allowed.local_addr().unwrap().port(), other.local_addr().unwrap().port());
    let engine = rig.options.search.iter().find(|path| path.join("terraform").exists()).unwrap().join("terraform");
    let pid = std::process::id();
    let (data, engine) = (data.display(), engine.display());
    // One that is not closed on exec, as a shell may leave it to the server that it starts.
    let left_open = std::fs::File::open(rig.data.path().join("master.key")).unwrap();
    rustix::io::fcntl_setfd(&left_open, rustix::io::FdFlags::empty()).unwrap();
    let inherited = std::os::fd::AsRawFd::as_raw_fd(&left_open);
    let probes = format!(
        r#"
import os, socket, ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
def say(name, attempt):
    try:
        result = attempt()
        print("BREACH", name, result)
    except OSError as error:
        print("refused", name, error.errno)
def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")
    return result
def dial(family, address):
    s = socket.socket(family, socket.SOCK_STREAM); s.settimeout(3); s.connect(address)
def listen():
    s = socket.socket(); s.bind(("127.0.0.1", 0)); s.listen()
print("{TRIED}")
say("key", lambda: open("{data}/master.key").read())
say("database", lambda: open("{data}/terrane.db").read())
say("other run", lambda: open("{data}/runs/apply-other/w/c/secret").read())
say("other names", lambda: [n for n in os.listdir("{data}") if n != "runs"] or check(-1))
say("stat", lambda: os.stat("{data}/master.key"))
say("chmod", lambda: os.chmod("{data}/master.key", 0o666))
say("own log", lambda: open("{data}/runs/apply-0000000000000001.1/log").read())
say("own phase", lambda: open("{data}/runs/apply-0000000000000001.1/phase").read())
for f in ["environ", "cmdline", "mem", "maps"]:
    say("server " + f, lambda: open("/proc/{pid}/" + f, "rb").read(8))
say("engine", lambda: open("{engine}", "r+b"))
say("admin socket", lambda: dial(socket.AF_UNIX, "{data}/admin.sock"))
say("abstract socket", lambda: dial(socket.AF_UNIX, "\0{name}"))
say("signal", lambda: os.kill({pid}, 0))
say("ptrace", lambda: check(libc.ptrace(16, {pid}, 0, 0)))
say("other port", lambda: dial(socket.AF_INET, ("127.0.0.1", {other_port})))
say("listen", listen)
say("device", lambda: os.mknod("disk", 0o060600, os.makedev(254, 0)))
say("mount", lambda: check(libc.mount(b"none", b"/mnt", b"tmpfs", 0, 0)))
say("namespace and mount", lambda: (check(libc.unshare(0x10020000)), check(libc.mount(b"none", b"/mnt", b"tmpfs", 0, 0))))
say("become root", lambda: os.setuid(0))
say("shadow", lambda: open("/etc/shadow").read())
say("root's home", lambda: os.listdir("/root"))
say("inherited file", lambda: os.read({inherited}, 8))
say("write outside", lambda: open("/var/tmp/x", "w"))
dial(socket.AF_INET, ("127.0.0.1", {allowed_port}))
print("allowed port reached")
for _ in range(50):
    if os.fork() == 0:
        os.setsid()
        for s in range(1, 30):
            try: __import__("signal").signal(s, 1)
            except (OSError, ValueError): pass
        for fd in range(64):
            try: os.close(fd)
            except OSError: pass
        os.execv("/usr/bin/sleep", ["{name}", "300"])
"#
    );
    rig.configuration(&[("main.tf", &script(&probes))]);
    let (_, applied) = rig.whole(|job| job.address = format!("http://127.0.0.1:{allowed_port}")).await;
    let log = rig.server.log();
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?} {log}");
    assert!(log.contains(TRIED) && log.contains("allowed port reached"), "{log}");
    let said: Vec<_> = log.lines().filter(|line| !line.contains("Executing: ")).collect(); // that one is the script itself
    assert!(!said.iter().any(|line| line.contains("BREACH")), "{log}");
    assert!(!log.contains("top-secret"), "{log}");
    assert_eq!(said.iter().filter(|line| line.contains("refused ")).count(), 27, "{log}");
    let left = std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| line.starts_with(name.as_bytes()))
    });
    assert_eq!(left.count(), 0, "processes are left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_survive_whatever_they_hold() {
    const NASTY: &[&str] = &[
        "plain",
        "",
        " spaces ",
        "quo\"te 'single' `tick`",
        "back\\slash \\n",
        "${path.module} %{if true}x%{endif} $${x}",
        "new\nline\r\n\ttab",
        "unicode \u{2028} é 漢 🦀 \u{7f}",
        "</script> & \\u0026 {\"json\": [1]}",
        "-target=x; rm -rf / $(id) `id` | cat",
        "1e400",
        "true",
        "null",
    ];
    let rig = Rig::new();
    let mut text = String::new();
    let mut variables = vec![
        variable("list", "[\"a\", \"b${1 + 1}\"]", Category::Terraform, true),
        variable("heredoc", "<<EOT\nx = \"${\"y\"}\"\nEOT", Category::Terraform, true),
        variable("undeclared", "x", Category::Terraform, false),
        variable("undeclared_list", "[1]", Category::Terraform, true),
        variable("no identifier", "x", Category::Terraform, false),
        variable("weak", "from an earlier one", Category::Terraform, false),
        variable("weak", "from a later one", Category::Terraform, false),
        variable("TF_VAR_weak", "from the environment", Category::Env, false),
        variable("NASTY", "a\"b\n${c}", Category::Env, false),
        variable("LD_PRELOAD", "/nonexistent.so", Category::Env, false),
        variable("TF_WORKSPACE", "elsewhere", Category::Env, false),
    ];
    text += "variable \"list\" { type = list(string) }\nvariable \"heredoc\" {}\nvariable \"weak\" {}\n";
    for (number, value) in NASTY.iter().enumerate() {
        text +=
            &format!("variable \"v{number}\" {{ type = string }}\noutput \"v{number}\" {{ value = var.v{number} }}\n");
        variables.push(variable(&format!("v{number}"), value, Category::Terraform, false));
    }
    text += "output \"list\" { value = var.list }\noutput \"heredoc\" { value = var.heredoc }\noutput \"weak\" { value = var.weak }\n";
    text += "output \"workspace\" { value = terraform.workspace }\n";
    text += "resource \"terraform_data\" \"env\" {\n  provisioner \"local-exec\" { command = \"printf '%s' \\\"$NASTY\\\" > env.txt; cat env.txt\" }\n}\n";
    rig.configuration(&[("main.tf", &text), ("z.auto.tfvars", "weak = \"from a file\"\n")]);
    let (_, applied) = rig.whole(|job| job.variables = variables.clone()).await;
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?} {}", rig.server.log());
    let state: serde_json::Value = serde_json::from_slice(rig.server.said().states.last().unwrap()).unwrap();
    let output = |name: &str| state["outputs"][name]["value"].clone();
    for (number, value) in NASTY.iter().enumerate() {
        assert_eq!(output(&format!("v{number}")), *value);
    }
    assert_eq!(output("list"), serde_json::json!(["a", "b2"]));
    assert_eq!(output("heredoc"), "x = \"y\"\n");
    assert_eq!(output("weak"), "from a later one");
    assert_eq!(output("workspace"), "prod");
    assert!(rig.server.log().contains("${c}"), "{}", rig.server.log());
    assert!(rig.server.log().contains("LD_PRELOAD"), "what is left out is said");
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_reach_the_engine_as_they_are() {
    let rig = Rig::new();
    rig.configuration(&[(
        "main.tf",
        "resource \"terraform_data\" \"a\" { for_each = toset([\"x y\\\"z'\", \"other\"]) }\n",
    )]);
    let mut job = rig.job(Phase::Plan);
    job.options.targets = vec!["terraform_data.a[\"x y\\\"z'\"]".into()];
    let planned = rig.execute(job).await;
    let Outcome::Planned { counts, .. } = planned else { panic!("{planned:?} {}", rig.server.log()) };
    assert_eq!(counts.additions, 1);
}
