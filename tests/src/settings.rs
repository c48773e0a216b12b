//! What the tests take from their surroundings, in one place: the built binary, the engines directory, the Postgres server.

use std::path::{Path, PathBuf};

/// The URL of a Postgres whose user may create databases, set by `tests/tools/postgres run`.
///
/// # Panics
/// When it is not set: a database that is missing fails the tests that name it, since a skipped test would look green.
#[must_use]
pub fn postgres() -> String {
    read("TERRANE_TEST_POSTGRES").expect(
        "TERRANE_TEST_POSTGRES is not set: run the tests by `make test`, or by `tests/tools/postgres run cargo nextest run`",
    )
}

/// The folder of Postgres's own programs (`pg_dump`), set beside [`postgres`].
///
/// # Panics
/// When it is not set, as [`postgres`].
#[must_use]
pub fn postgres_programs() -> PathBuf {
    read("TERRANE_TEST_POSTGRES_BIN")
        .expect("TERRANE_TEST_POSTGRES_BIN is not set: run the tests by `make test`")
        .into()
}

/// The `terrane` binary under test: `TERRANE_TEST_BINARY`, or the one that lies in the target directory of this test.
///
/// # Panics
/// When there is none, saying how to build it.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(path) = read("TERRANE_TEST_BINARY") {
        return path.into();
    }
    let me = std::env::current_exe().expect("the path of the running test");
    let built = me.ancestors().skip(1).take(2).map(|folder| folder.join("terrane")).find(|path| path.is_file());
    built.unwrap_or_else(|| panic!("no `terrane` beside {}: run `cargo build -p terrane` first", me.display()))
}

/// How many processes a server on Postgres consists of, behind one address: `TERRANE_TEST_SERVERS`, or one.
///
/// # Panics
/// When it is no number from 1 to 9.
#[must_use]
pub fn servers() -> usize {
    let count = read("TERRANE_TEST_SERVERS").map_or(1, |text| text.parse().unwrap_or_default());
    assert!((1..10).contains(&count), "TERRANE_TEST_SERVERS is a number from 1 to 9");
    count
}

/// The engines directory with one terraform per version, filled by `tests/tools/engines`.
#[must_use]
pub fn engines() -> PathBuf {
    checkout().join(".tools/engines")
}

/// The filesystem mirror with the providers that stories use, filled by `tests/tools/providers`.
#[must_use]
pub fn providers() -> PathBuf {
    checkout().join(".tools/providers")
}

/// The filesystem mirror with hashicorp/aws, filled by `tests/tools/aws-provider`.
#[must_use]
pub fn aws_provider() -> PathBuf {
    checkout().join(".tools/aws-provider")
}

/// The server of OpenSSH, installed by `tests/tools/sshd`.
///
/// # Panics
/// When there is none: it fails the stories that name it.
#[must_use]
pub fn sshd() -> PathBuf {
    let places = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd"];
    let found = places.into_iter().map(PathBuf::from).find(|path| path.is_file());
    found.expect("there is no sshd: run `tests/tools/sshd` first")
}

/// Which choice of the conformance cases is to be played: `CASES=short`, or all.
#[must_use]
pub fn cases() -> Option<String> {
    read("CASES")
}

/// Whether a test was switched off by its name: `TERRANE_TEST_WITHOUT=aws-provider`. Nothing else leaves it out.
#[must_use]
pub fn without(name: &str) -> bool {
    read("TERRANE_TEST_WITHOUT").is_some_and(|names| names.split(',').any(|off| off == name))
}

/// Whether every server of the tests leaves its runs to a `terrane runner` beside it: `TERRANE_TEST_EXECUTOR=runner`.
#[must_use]
pub fn runner() -> bool {
    read("TERRANE_TEST_EXECUTOR").is_some_and(|name| name == "runner")
}

/// Flags of `terrane serve` that every story adds: those of the executor that `TERRANE_TEST_EXECUTOR` names.
///
/// # Panics
/// When it names an executor that there is not.
#[must_use]
pub fn executor() -> Vec<String> {
    match read("TERRANE_TEST_EXECUTOR").as_deref() {
        None | Some("process") => Vec::new(),
        Some("runner") => ["--runner", "off"].map(str::to_owned).to_vec(),
        Some("docker") => {
            docker().expect("TERRANE_TEST_EXECUTOR=docker needs an engine: run by tests/tools/docker run")
        }
        Some(other) => panic!("TERRANE_TEST_EXECUTOR is neither process, docker nor runner but {other:?}"),
    }
}

/// Flags of `terrane serve` for runs that reach what listens on this machine's loopback: containers do not, unless they live in its network.
#[must_use]
pub fn loopback() -> &'static [&'static str] {
    let contained = read("TERRANE_TEST_EXECUTOR").is_some_and(|name| name == "docker");
    if contained { &["--container-network", "host"] } else { &[] }
}

/// The same flags for `terrane runner`.
///
/// # Panics
/// As [`executor`].
#[must_use]
pub fn runner_executor() -> Vec<String> {
    if runner() { Vec::new() } else { executor() }
}

/// The flags that execute runs in containers of the tests' own engine, started by `tests/tools/docker run`; nothing when it is switched off by
/// `TERRANE_TEST_DOCKER=off`.
///
/// # Panics
/// When there is no engine and nobody said so: a missing one fails the tests that name it.
#[must_use]
pub fn docker() -> Option<Vec<String>> {
    let host = read("TERRANE_TEST_DOCKER")
        .expect("TERRANE_TEST_DOCKER is not set: run these tests by `make test`, or set it to off");
    let flags = ["--executor", "docker", "--image-pull", "never", "--docker-host"].map(str::to_owned);
    (host != "off").then(|| flags.into_iter().chain([host]).collect())
}

/// The socket of the engine on which the house is composed of images, once `tests/tools/compose run` has made their bases on it.
///
/// # Panics
/// When it has not.
#[must_use]
pub fn composed() -> PathBuf {
    assert!(
        read("TERRANE_TEST_COMPOSE").is_some(),
        "TERRANE_TEST_COMPOSE is not set: run these tests by `make compose`"
    );
    let host = read("TERRANE_TEST_DOCKER").expect("tests/tools/compose runs within tests/tools/docker");
    host.strip_prefix("unix://").expect("the tests' own engine listens on a socket").into()
}

/// The top folder of the checkout.
#[must_use]
pub fn checkout() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in a folder of the checkout")
}

#[expect(clippy::disallowed_methods, reason = "the tests' own settings: none of them reaches the server")]
fn read(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
