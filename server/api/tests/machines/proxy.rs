//! A way to Postgres that breaks at a commit: before the database hears of it, or before its answer is heard.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering::SeqCst},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// Where a connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The database never hears of the commit.
    Before,
    /// The database commits, and nobody hears of it.
    After,
}

/// How the next commit is to be cut, shared with every connection; 0 is not at all.
#[derive(Default)]
struct Armed(AtomicU8);

impl Armed {
    /// How this commit is cut: once.
    fn take(&self) -> Option<Cut> {
        match self.0.swap(0, SeqCst) {
            1 => Some(Cut::Before),
            2 => Some(Cut::After),
            _ => None,
        }
    }
}

/// A proxy.
pub(crate) struct Proxy {
    /// The database through it.
    pub(crate) url: String,
    armed: Arc<Armed>,
}

impl Proxy {
    /// Stands before the Postgres of this address.
    pub(crate) async fn before(url: &str) -> Self {
        let (scheme, rest) = url.split_once('@').unwrap();
        let (host, name) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap();
        let (armed, host) = (Arc::<Armed>::default(), host.to_owned());
        let url = format!("{scheme}@{here}/{name}");
        let shared = armed.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (host, armed) = (host.clone(), shared.clone());
                tokio::spawn(async move {
                    let database = TcpStream::connect(host).await.unwrap();
                    pass(client, database, &armed).await;
                });
            }
        });
        Self { url, armed }
    }

    /// Cuts at the next commit, once.
    pub(crate) fn arm(&self, cut: Cut) {
        self.armed.0.store(if cut == Cut::Before { 1 } else { 2 }, SeqCst);
    }

    /// Whether it did.
    pub(crate) fn has_cut(&self) -> bool {
        self.armed.0.load(SeqCst) == 0
    }
}

/// Passes bytes on in both directions until one end goes away or the connection is cut.
async fn pass(mut client: TcpStream, mut database: TcpStream, armed: &Armed) {
    let (mut asked, mut said) = (vec![0; 64 << 10], vec![0; 64 << 10]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let asked = &asked[..length];
                let cut = asked.windows(7).any(|part| part == b"COMMIT\0").then(|| armed.take()).flatten();
                if cut == Some(Cut::Before) {
                    return;
                }
                if database.write_all(asked).await.is_err() {
                    return;
                }
                if cut == Some(Cut::After) {
                    // Its answer says that it is done; nobody hears of it.
                    drop(database.read(&mut said).await);
                    return;
                }
            }
            read = database.read(&mut said) => {
                let Ok(length @ 1..) = read else { return };
                if client.write_all(&said[..length]).await.is_err() {
                    return;
                }
            }
        }
    }
}
