//! A key of KMS as a key service, against moto's KMS.
#![expect(clippy::unwrap_used, reason = "a step that fails fails the test")]

extern crate secrets as terrane_secrets;

#[path = "../../../tests/services/contract.rs"]
mod contract;
#[path = "../../../../objects/tests/peers/mod.rs"]
mod peers;

use peers::{
    faults::{Fault, Front},
    process::Peer,
};
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};
use terrane_secrets::{Error, KeyService, Place, RootKey, open_root};
use terrane_secrets_aws::{Credential, Kms, Options};

const SITE: &str = "0123456789abcdef";

/// Moto's KMS.
struct Moto(Peer);

impl Moto {
    fn start() -> Self {
        Self(Peer::start("venv/bin/moto_server", |port| ["-H", "127.0.0.1", "-p", port].map(str::to_owned).into()))
    }

    /// Makes a key; the answer is its ARN.
    fn make(&self) -> String {
        let answer = self.ask("CreateKey", "{}");
        let arn = answer.split_once("\"Arn\": \"").or_else(|| answer.split_once("\"Arn\":\"")).unwrap().1;
        arn.split('"').next().unwrap().to_owned()
    }

    fn ask(&self, target: &str, body: &str) -> String {
        let mut connection = TcpStream::connect(("127.0.0.1", self.0.port)).unwrap();
        let head = "content-type: application/x-amz-json-1.1\r\nauthorization: AWS4-HMAC-SHA256 Credential=nobody/20260101/us-east-1/kms/aws4_request, SignedHeaders=host, Signature=none";
        write!(
            connection,
            "POST / HTTP/1.1\r\nhost: 127.0.0.1\r\n{head}\r\nx-amz-target: TrentService.{target}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }
}

async fn kms(port: u16, key: &str) -> Kms {
    let options = Options {
        key: key.to_owned(),
        region: Some("us-east-1".to_owned()),
        endpoint: Some(format!("http://127.0.0.1:{port}")),
        credential: Credential::parse(&"nobody:nothing".into()),
        certificates: Vec::new(),
        patience: Duration::from_secs(2),
    };
    Kms::open(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_the_contract() {
    let moto = Moto::start();
    let (one, another) = (moto.make(), moto.make());
    let port = moto.0.port;
    contract::check(&kms(port, &one).await, &kms(port, &another).await).await;
    // By its id alone, too.
    let id = one.rsplit('/').next().unwrap();
    contract::check(&kms(port, id).await, &kms(port, &another).await).await;
    // It is bound to its site: the encryption context says so.
    let root = RootKey::generate().unwrap();
    let wrapped = kms(port, &one).await.wrap(&root, SITE).await.unwrap();
    assert_eq!(wrapped.by(), format!("awskms:{one}"));
    let refused =
        open_root(&kms(port, &one).await, &wrapped, Place { site: "there", root: root.id() }).await.unwrap_err();
    assert!(refused.to_string().contains("InvalidCiphertextException"), "{refused}");
    let nobody = kms(port, "00000000-0000-0000-0000-000000000000").await.wrap(&root, SITE).await.unwrap_err();
    assert!(nobody.to_string().contains("there is no such key"), "{nobody}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_is_told_and_tried_again_where_that_helps() {
    let moto = Moto::start();
    let key = moto.make();
    let root = RootKey::generate().unwrap();
    let wrapped = kms(moto.0.port, &key).await.wrap(&root, SITE).await.unwrap();
    let place = Place { site: SITE, root: root.id() };

    // One that fails now and then does its part.
    let down = "{\"__type\":\"KMSInternalException\",\"message\":\"try again\"}";
    let front =
        Front::before(moto.0.port, move |_, times| if times < 2 { Fault::Answer(500, down) } else { Fault::None });
    let front = front.await;
    assert_eq!(open_root(&kms(front.port, &key).await, &wrapped, place).await.unwrap().expose(), root.expose());
    assert_eq!(front.asked(), 3);

    let denied = "{\"__type\":\"AccessDeniedException\",\"message\":\"not you\"}";
    let nonsense = "{\"KeyId\":\"arn:aws:kms:us-east-1:1:key/x\",\"Plaintext\":\"c2hvcnQ=\"}";
    for (fault, asked, said) in [
        (Fault::Answer(500, down), 3, "overloaded or down"),
        (Fault::Answer(400, denied), 1, "grant the credentials in use kms:Encrypt and kms:Decrypt"),
        (Fault::Answer(400, "{\"__type\":\"DisabledException\"}"), 1, "enable it again"),
        (Fault::Answer(200, nonsense), 1, "was wrapped by the master key"),
        (Fault::Answer(200, "no json"), 1, "what it answers is"),
        (Fault::Silence, 3, "does not answer in time"),
        (Fault::CutRequest(10), 3, ""),
        (Fault::CutAnswer(10), 3, ""),
    ] {
        let front = Front::before(moto.0.port, move |_, _| fault).await;
        let refused = open_root(&kms(front.port, &key).await, &wrapped, place).await.unwrap_err().to_string();
        assert!(refused.contains(said), "{fault:?}: {refused}");
        assert!(!refused.contains("nothing"), "a credential is told: {refused}");
        assert!(front.asked() >= 1 && front.asked() <= asked, "{fault:?}: asked {} times", front.asked());
    }
    drop(moto);
    let refused = open_root(&kms(1, &key).await, &wrapped, place).await.unwrap_err();
    assert!(matches!(&refused, Error::Service { .. }) && refused.to_string().contains("no connection"), "{refused}");
}
