//! `terrane prices update` asks over a real network: the vendors' answers, as they were shaped when they were recorded, are
//! served on this machine.

#![cfg(test)]

use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

/// Serves the recorded answers. Its thread ends with the test's process.
struct Vendors {
    base: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Vendors {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (own, log) = (base.clone(), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let _ = answer(stream, &own, &log);
            }
        });
        Self { base, asked }
    }
}

fn answer(mut stream: TcpStream, base: &str, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let url = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    asked.lock().unwrap().push(url.clone());
    let (place, query) = url.split_once('?').unwrap_or((&url, ""));
    let name = match place {
        "/api/retail/prices" if query.contains("Virtual") && query.contains("skip") => Some("azure-2.json"),
        "/api/retail/prices" if query.contains("Virtual") => Some("azure-1.json"),
        "/api/retail/prices" => Some("azure-storage.json"),
        place
            if place.starts_with("/v1/services/")
                && headers.get("x-goog-api-key").is_none_or(|key| key != "secret") =>
        {
            None
        }
        "/v1/services/6F81-5844-456A/skus" if query.contains("pageToken=next") => Some("google-2.json"),
        "/v1/services/6F81-5844-456A/skus" => Some("google-1.json"),
        "/v1/services/9662-B51E-5089/skus" => Some("google-sql.json"),
        "/offers/v1.0/aws/AmazonEC2/current/region_index.json" => Some("aws-index.json"),
        "/offers/v1.0/aws/AmazonEC2/20260901000000/eu-west-3/index.csv" => Some("aws-ec2.csv"),
        place if place.ends_with("/region_index.json") => Some("aws-empty.json"),
        _ => None,
    };
    let Some(name) = name else {
        return write!(stream, "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    };
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("cost/tests/answers").join(name))?;
    let text = text.replace("https://prices.azure.com:443", base);
    write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())
}

fn update(vendors: &Vendors, out: &Path, key: &Path) -> (bool, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_terrane"));
    command.env_clear().current_dir("/").stdin(Stdio::null());
    command.args(["prices", "update", "--regions", "eu-west-3", "--accept", "--out"]).arg(out);
    command.arg("--google-key-file").arg(key);
    for url in ["--aws-url", "--azure-url", "--google-url"] {
        command.args([url, &vendors.base]);
    }
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_catalogue_is_refreshed_from_the_vendors() {
    let vendors = Vendors::start();
    let folder = tempfile::tempdir().unwrap();
    let (out, key) = (folder.path().join("prices.zst"), folder.path().join("key"));
    fs::write(&key, "secret\n").unwrap();
    let (done, told, error) = update(&vendors, &out, &key);
    assert!(done, "{told}{error}");
    let catalogue = cost::Catalogue::unpack(&fs::read(&out).unwrap()).unwrap();
    let price = |key: &str, region: &str| catalogue.find(key, region).unwrap().amount.to_string();
    assert_eq!(price("aws/ec2/windows/m5.large", "eu-west-3"), "0.204");
    assert_eq!(price("azure/vm/windows/d2s_v3", "westeurope"), "0.213");
    assert_eq!(price("google/machine/on-demand/n2-standard-4", "europe-west1"), "0.213668");
    let asked = vendors.asked.lock().unwrap();
    assert!(asked.iter().all(|url| !url.contains("secret")), "the key is in no address: {asked:?}");
}

#[test]
fn a_refused_question_leaves_no_catalogue_and_tells_no_key() {
    let vendors = Vendors::start();
    let folder = tempfile::tempdir().unwrap();
    let (out, key) = (folder.path().join("prices.zst"), folder.path().join("key"));
    fs::write(&key, "not-the-key").unwrap();
    let (done, told, error) = update(&vendors, &out, &key);
    assert!(!done && error.contains("403") && error.contains("/v1/services/"), "{told}{error}");
    assert!(!error.contains("not-the-key") && !out.exists(), "{error}");
}
