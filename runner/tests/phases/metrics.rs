//! What a runner says of itself.

use crate::rig::Rig;
use protocol::{Outcome, Phase};
use std::sync::Arc;
use terrane_runner::{
    Runner, Stop,
    metrics::{Counted, Metrics, serve},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What a path is answered with, head and all.
async fn ask(address: std::net::SocketAddr, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: runner\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_runner_does_is_counted_and_told() {
    let rig = Rig::new();
    rig.engine(
        "9.9.9",
        "#!/bin/sh\ncase $1 in\ninit) mkdir -p .terraform; echo '{}' > .terraform/terraform.tfstate;;\nplan) echo going; while ! [ -e go ]; do sleep 0.02; done; exit 1;;\nesac\n",
    );
    rig.configuration(&[("main.tf", "")]);
    let mut job = rig.job(Phase::Plan);
    job.version = "9.9.9".into();
    let go = rig.module(&job).join("go");
    let metrics = Arc::new(Metrics::default());
    let server = Arc::new(Counted::new(Arc::clone(&rig.server), Arc::clone(&metrics)));
    let runner = Runner::new(server, rig.options.clone()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let told = tokio::spawn(serve(listener, metrics, runner.now()));
    assert!(ask(address, "/healthz").await.ends_with("\r\n\r\nok\n"), "it lives before it has said hello");
    assert!(ask(address, "/").await.starts_with("HTTP/1.1 404"));

    let stop = Stop::default();
    rig.server.offer(job);
    let running = tokio::spawn(runner.run(stop.clone()));
    rig.server.until_logged("going").await;
    let says = |text: &str, lines: &[&str]| {
        for wanted in lines {
            let wanted = format!("terrane_runner_{wanted}");
            assert!(text.lines().any(|line| line == wanted), "{wanted}: {text}");
        }
    };
    let text = ask(address, "/metrics").await;
    assert!(text.contains("content-type: text/plain; version=0.0.4"), "{text}");
    says(
        &text,
        &["slots 1", "busy_slots 1", "warm_containers 0", "claims_total 1", "hellos_total 1", "unavailable_total 0"],
    );
    std::fs::write(go, "").unwrap();
    rig.server.until_ended().await;
    stop.drain.cancel();
    running.await.unwrap().unwrap();
    let text = ask(address, "/metrics").await;
    let sent = format!("log_bytes_total {}", rig.server.said().log.len());
    let failed = "phases_total{phase=\"plan\",outcome=\"failed\"} 1";
    says(&text, &["busy_slots 0", &sent, failed, "phases_total{phase=\"apply\",outcome=\"failed\"} 0"]);
    assert!(matches!(rig.server.said().outcome, Some(Outcome::Failed { .. })));
    told.abort();
}
