use super::*;
use crate::instance::Lock;
use std::{os::unix::fs::PermissionsExt, path::Path};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

async fn handle(request: Request) -> Response {
    match request {
        Request::CreateToken { user, ttl, .. } => Response::TokenCreated {
            id: format!("at-{user}"),
            token: "hunter2".to_owned().into(),
            expires_at: ttl.map(|ttl| format!("in {ttl} s")),
        },
        Request::CreateUser { password: Some(password), .. } => {
            Response::Refused { reason: format!("{} letters are too few", password.expose().len()) }
        }
        _ => Response::MemberAdded,
    }
}

fn serve(data: &Path) -> (CancellationToken, JoinHandle<()>) {
    let lock = Lock::create(data).unwrap();
    let listener = bind(&lock).unwrap();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let server = tokio::spawn(async move {
        listener.serve(handle, stopped).await;
        drop(lock);
    });
    (stop, server)
}

fn token() -> Request {
    Request::CreateToken { user: "alice".to_owned(), description: String::new(), ttl: Some(60) }
}

#[tokio::test]
async fn a_running_server_is_asked() {
    let parent = tempfile::tempdir().unwrap();
    // Longer than a socket's path may be.
    let data = parent.path().join("d".repeat(120));
    let (stop, server) = serve(&data);
    let mode = std::fs::metadata(data.join("admin.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let response = call(&data, token(), async |_, _| panic!("a server runs")).await.unwrap();
    let Response::TokenCreated { id, token, expires_at } = response else { panic!("{response:?}") };
    assert_eq!((id.as_str(), token.expose(), expires_at.as_deref()), ("at-alice", "hunter2", Some("in 60 s")));
    assert_eq!(format!("{token:?}"), "***");

    let password = Some("secret".to_owned().into());
    let user = Request::CreateUser { name: "bob".into(), email: "b@example.com".into(), site_admin: false, password };
    assert!(!format!("{user:?}").contains("secret"));
    let response = call(&data, user, async |_, _| panic!("a server runs")).await.unwrap();
    assert!(matches!(response, Response::Refused { reason } if reason == "6 letters are too few"));

    stop.cancel();
    server.await.unwrap();
    assert!(!data.join("admin.sock").exists());
}

#[tokio::test]
async fn without_a_server_the_caller_works_itself_and_keeps_others_out() {
    let data = tempfile::tempdir().unwrap();
    let response = call(data.path(), token(), async |lock, request| {
        assert!(Lock::take(lock.data()).is_err());
        handle(request).await
    });
    assert!(matches!(response.await.unwrap(), Response::TokenCreated { .. }));
    Lock::take(data.path()).unwrap();

    let nowhere = data.path().join("nowhere");
    let error = call(&nowhere, token(), async |_, _| panic!("no data directory")).await.unwrap_err();
    assert!(error.to_string().starts_with("there is no data directory "), "{error}");
}

#[tokio::test]
async fn a_socket_left_behind_is_replaced() {
    let data = tempfile::tempdir().unwrap();
    drop(std::os::unix::net::UnixListener::bind(data.path().join("admin.sock")).unwrap());
    assert!(matches!(call(data.path(), token(), async |_, _| Response::MemberAdded).await, Ok(Response::MemberAdded)));
    let (stop, server) = serve(data.path());
    assert!(matches!(call(data.path(), token(), async |_, _| panic!()).await, Ok(Response::TokenCreated { .. })));
    stop.cancel();
    server.await.unwrap();
}

#[tokio::test]
async fn nonsense_is_refused_in_words() {
    let data = tempfile::tempdir().unwrap();
    let (stop, server) = serve(data.path());
    let mut stream = tokio::net::UnixStream::connect(data.path().join("admin.sock")).await.unwrap();
    stream.write_all(b"{\"do\":\"dance\"}\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("the server does not understand this request"), "{answer}");
    stop.cancel();
    server.await.unwrap();
}

#[test]
fn only_the_owner_and_root_are_welcome() {
    assert!(socket::welcome(0, 1000) && socket::welcome(1000, 1000));
    assert!(!socket::welcome(1001, 1000) && !socket::welcome(1000, 0));
}
