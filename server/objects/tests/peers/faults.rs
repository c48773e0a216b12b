//! What stands before a store and goes wrong as it is told: answers that are errors, silence, connections that are cut.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream},
};

/// What happens to one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// It reaches the store.
    None,
    /// It is taken, and answered with this status and this body.
    Answer(u16, &'static str),
    /// It is taken and never answered.
    Silence,
    /// The connection is cut after so many bytes of what it sends.
    CutRequest(u64),
    /// The connection is cut after so many bytes of what comes back, its head included.
    CutAnswer(u64),
}

/// A place to send requests to.
pub(crate) struct Front {
    pub(crate) port: u16,
    asked: Arc<AtomicUsize>,
}

impl Front {
    /// Stands before this port of this machine. `plan` says what happens to a request, by its first line without the version, and by how many
    /// there were before it.
    pub(crate) async fn before(port: u16, plan: impl Fn(&str, usize) -> Fault + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let front = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let (asked, plan) = (front.asked.clone(), Arc::new(plan));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (asked, plan) = (asked.clone(), plan.clone());
                let decide = move |line: &str| plan(line, asked.fetch_add(1, Ordering::Relaxed));
                tokio::spawn(async move { serve(client, port, decide).await });
            }
        });
        front
    }

    /// How many times it was asked so far.
    pub(crate) fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// One request on one connection; the answer ends it.
async fn serve(client: TcpStream, port: u16, decide: impl FnOnce(&str) -> Fault) -> io::Result<()> {
    let mut client = BufReader::new(client);
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if client.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        if line == "\r\n" {
            break;
        }
        lines.push(line.to_lowercase().starts_with("connection:").then(String::new).unwrap_or(line));
    }
    let fault = decide(lines[0].rsplit_once(' ').unwrap().0);
    let header = |name: &str| {
        lines.iter().find_map(|line| line.to_lowercase().strip_prefix(name).map(|value| value.trim().to_owned()))
    };
    let length: u64 = header("content-length:").map_or(0, |length| length.parse().unwrap());
    let take = async |client: &mut BufReader<TcpStream>| {
        if header("expect:").is_some() {
            client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
        }
        tokio::io::copy(&mut client.take(length), &mut tokio::io::sink()).await
    };
    match fault {
        Fault::Answer(status, body) => {
            take(&mut client).await?;
            let head = format!("HTTP/1.1 {status} Fault\r\nconnection: close\r\ncontent-type: application/xml\r\n");
            let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
            client.write_all(answer.as_bytes()).await?;
            return client.shutdown().await;
        }
        Fault::Silence => {
            take(&mut client).await?;
            // Until the client gives up.
            return tokio::io::copy(&mut client, &mut tokio::io::sink()).await.map(drop);
        }
        Fault::None | Fault::CutRequest(_) | Fault::CutAnswer(_) => {}
    }
    let mut store = TcpStream::connect(("127.0.0.1", port)).await?;
    store.write_all(format!("{}connection: close\r\n\r\n", lines.concat()).as_bytes()).await?;
    match fault {
        Fault::CutRequest(bytes) => {
            if header("expect:").is_some() {
                client.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            }
            tokio::io::copy(&mut client.take(bytes), &mut store).await.map(drop)
        }
        Fault::CutAnswer(bytes) => {
            let (mut from_store, mut to_store) = store.split();
            tokio::io::copy(&mut (&mut client).take(length), &mut to_store).await?;
            tokio::io::copy(&mut (&mut from_store).take(bytes), &mut client).await?;
            client.shutdown().await
        }
        _ => copy_bidirectional(&mut client, &mut store).await.map(drop),
    }
}
