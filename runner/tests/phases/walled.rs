//! Configurations that try what they must not, in a container; and what containers run out of.

use crate::{beside::Beside, rig::Rig};
use protocol::{Outcome, Phase, Wish};
use std::net::TcpListener;

/// A configuration whose apply runs a script.
pub(crate) fn script(text: &str) -> String {
    let text = text.replace("${", "$${");
    format!(
        "resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    command = <<-EOT\n{text}\nEOT\n  }}\n}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_from_inside_is_refused() {
    let Some(mut rig) = Rig::docker() else { return };
    let socket = rig.containers().host.trim_start_matches("unix://").to_owned();
    let serve = "import socket\ns = socket.create_server(('0.0.0.0', 80), backlog=64)\nwhile True:\n c, _ = s.accept(); c.sendall(b'a-secret\\n'); c.close()\n";
    let beside = Beside::new(&["python3", "-c", serve], 80);
    beside.also_has("169.254.169.254");
    let data = rig.data.path().canonicalize().unwrap();
    std::fs::write(data.join("master.key"), "top-secret").unwrap();
    std::fs::create_dir_all(data.join("runs/apply-other/w/c")).unwrap();
    std::fs::write(data.join("runs/apply-other/w/c/secret"), "top-secret").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let pid = std::process::id();
    let data = data.display();
    let attempts = [
        format!("cat {data}/master.key"),
        format!("cat {data}/runs/apply-other/w/c/secret"),
        format!("ls -d {data}"),
        format!("ls -d {socket} /var/run/docker.sock /run/docker.sock /run/containerd"),
        "nc -w 2 169.254.169.254 80 </dev/null".to_owned(),
        dialled(&format!("127.0.0.1 {port}")),
        dialled(&format!("$(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p') {port}")),
        format!("ls -d /proc/{pid}/root/etc"),
        "kill -9 1 && [ ! -e /proc/1/stat ] && echo killed".to_owned(),
        "cat /etc/shadow".to_owned(),
        "ls /root".to_owned(),
        "touch /bin/x && echo written".to_owned(),
        "touch /etc/x && echo written".to_owned(),
        "touch /dev/shm/../x && echo written".to_owned(),
        "mount -t tmpfs none /mnt && echo mounted".to_owned(),
        "unshare -U -m true && echo unshared".to_owned(),
        "mknod disk b 254 0 && echo made".to_owned(),
        "su -c id root </dev/null".to_owned(),
        "chroot / true && echo changed".to_owned(),
        "echo 1 >/proc/sys/kernel/sysrq && echo written".to_owned(),
        "cat /proc/kcore | head -c 1 | od | head -n 1 | grep -v '^0000000$'".to_owned(),
        "dmesg | head -n 1".to_owned(),
        "ip link add x type dummy && echo made".to_owned(),
        "grep -h '^CapEff:' /proc/self/status | grep -v 0000000000000000".to_owned(),
        "grep -h '^CapBnd:' /proc/self/status | grep -v 0000000000000000".to_owned(),
        "grep -h '^NoNewPrivs:' /proc/self/status | grep -v 1".to_owned(),
        "grep -h '^Seccomp:' /proc/self/status | grep -v 2".to_owned(),
        "id -u | grep -v 65534".to_owned(),
        "env | grep -i -e TERRANE -e MASTER".to_owned(),
    ];
    let mut text = String::new();
    for (number, attempt) in attempts.iter().enumerate() {
        text +=
            &format!("got=$({attempt} 2>/dev/null); [ -z \"$got\" ] || printf 'rea%s {number}: %s\\n' ched \"$got\"\n");
    }
    text += &format!("printf 'beyond: '; nc -w 5 {} 80 </dev/null\n", beside.address);
    let mark = format!("9{pid}");
    text += &format!(
        "for i in 1 2 3 4 5 6 7 8 9 10; do setsid sh -c 'trap \"\" INT TERM HUP; sleep {mark}' >/dev/null 2>&1 </dev/null & done\n"
    );
    text += "printf 'tried-%s\\n' all";
    rig.configuration(&[("main.tf", &script(&text))]);
    let (_, applied) = rig.whole(|_| {}).await;
    let log = rig.server.log();
    assert!(matches!(applied, Outcome::Applied { .. }), "{applied:?} {log}");
    let said: Vec<_> = log.lines().filter(|line| !line.contains("Executing: ")).collect();
    assert!(said.iter().any(|line| line.ends_with("tried-all")), "{log}");
    assert!(said.iter().any(|line| line.contains("beyond: a-secret")), "what may be reached was not: {log}");
    assert!(!said.iter().any(|line| line.contains("reached ")), "{log}");
    assert!(!log.contains("top-secret"), "{log}");
    let left = std::fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        std::fs::read(entry.path().join("cmdline")).is_ok_and(|line| line == format!("sleep\0{mark}\0").into_bytes())
    });
    assert_eq!(left.count(), 0, "processes are left behind");
}

/// A command that says something unless the connection is refused or not made in time: one that is made stays open until it is ended.
fn dialled(target: &str) -> String {
    format!("timeout 4 nc -w 2 {target} </dev/null; [ $? -eq 1 ] || echo open")
}

#[tokio::test(flavor = "multi_thread")]
async fn one_container_does_not_reach_another() {
    let (Some(one), Some(other)) = (Rig::docker(), Rig::docker()) else { return };
    let listen = "ip -4 addr show eth0 | sed -n 's/.*inet \\([0-9.]*\\).*/address=\\1=/p'\n(while :; do echo inside | nc -l -p 7777; done) >/dev/null 2>&1 &\nuntil nc -w 2 127.0.0.1 7777 </dev/null | grep -q inside; do sleep 0.1; done\necho it-listens-$((1 + 1))\nsleep 300";
    one.configuration(&[("main.tf", &script(listen))]);
    one.execute(one.job(Phase::Plan)).await;
    one.server.offer(one.job(Phase::Apply));
    let (drain, running) = one.start().await;
    one.server.until_logged("it-listens-2").await;
    let log = one.server.log();
    let address = log.split("address=").filter_map(|part| part.split_once('=')).map(|(address, _)| address);
    let address = address.filter(|address| address.parse::<std::net::Ipv4Addr>().is_ok()).last().unwrap().to_owned();

    let dial = format!("got=$(nc -w 2 {address} 7777 </dev/null); echo \"got=[$got]\" $((20 + 3))");
    other.configuration(&[("main.tf", &script(&dial))]);
    other.whole(|_| {}).await;
    assert!(other.server.log().contains("got=[] 23"), "{}", other.server.log());

    one.server.wish.send_replace(Wish::Kill);
    one.server.until_ended().await;
    drain.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_runs_out_of_memory_or_room_is_told() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.containers().memory = 256 << 20;
    rig.containers().work_size = 96 << 20;
    rig.configuration(&[("main.tf", &script("x=$(head -c 500000000 /dev/zero | tr '\\0' x); echo survived; exit 1"))]);
    rig.execute(rig.job(Phase::Plan)).await;
    let Outcome::Failed { reason, .. } = rig.execute(rig.job(Phase::Apply)).await else {
        panic!("{}", rig.server.log())
    };
    assert!(
        reason.contains("used up the memory of its container (256 MiB); give containers more with --container-memory"),
        "{reason} {}",
        rig.server.log()
    );

    rig.configuration(&[("main.tf", &script("dd if=/dev/zero of=fill bs=1M count=200"))]);
    rig.execute(rig.job(Phase::Plan)).await;
    let Outcome::Failed { reason, .. } = rig.execute(rig.job(Phase::Apply)).await else {
        panic!("{}", rig.server.log())
    };
    assert!(
        reason.contains(
            "the work directory of its container is full (96 MiB); give containers more room with --container-work-size"
        ),
        "{reason} {}",
        rig.server.log()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_processes_ends_with_its_phase() {
    let Some(mut rig) = Rig::docker() else { return };
    rig.containers().processes = 120;
    let storm = "b() { (while :; do sleep 0.01 & done) >/dev/null 2>&1 & }; b; b; b; sleep 1; echo stormed";
    rig.configuration(&[("main.tf", &script(storm))]);
    rig.execute(rig.job(Phase::Plan)).await;
    let outcome = rig.execute(rig.job(Phase::Apply)).await;
    assert!(matches!(outcome, Outcome::Applied { .. } | Outcome::Failed { .. }), "{outcome:?}");
    assert_eq!(rig.server.said().log.last(), Some(&3), "every ending ends the log");
    let state: serde_json::Value = serde_json::from_slice(rig.server.said().states.last().unwrap()).unwrap();
    assert!(!state["resources"].as_array().unwrap().is_empty(), "what was made is known");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_is_interrupted_gently_and_its_state_outlives_a_kill() {
    let Some(rig) = Rig::docker() else { return };
    let slow = "resource \"terraform_data\" \"a\" {\n  count = 5\n}\nresource \"terraform_data\" \"b\" {\n  depends_on = [terraform_data.a]\n  provisioner \"local-exec\" { command = \"echo made $((2 + 3)); sleep 300\" }\n}\n";
    for (wish, killed) in [(Wish::Interrupt, false), (Wish::Kill, true)] {
        rig.server.wish.send_replace(Wish::GoOn);
        *rig.server.state.lock().unwrap() = None;
        rig.configuration(&[("main.tf", slow)]);
        rig.execute(rig.job(Phase::Plan)).await;
        rig.server.offer(rig.job(Phase::Apply));
        let (drain, running) = rig.start().await;
        rig.server.until_logged("made 5").await;
        rig.server.wish.send_replace(wish);
        rig.server.until_ended().await;
        drain.cancel();
        running.await.unwrap();
        let said = rig.server.said();
        assert_eq!(said.outcome, Some(Outcome::Canceled { killed }), "{}", String::from_utf8_lossy(&said.log));
        let state: serde_json::Value = serde_json::from_slice(said.states.last().unwrap()).unwrap();
        assert_eq!(state["resources"][0]["instances"].as_array().unwrap().len(), 5);
    }
}
