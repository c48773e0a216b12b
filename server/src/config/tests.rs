use super::*;
use std::{collections::BTreeMap, path::Path};

fn with(flags: &[(&str, &str)], variables: &[(&str, &str)]) -> Result<Loaded, Problem> {
    let flags = flags.iter().fold(Flags::default(), |flags, (name, text)| flags.with(name, text));
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    load_from(flags, variables, PathBuf::from("/here"))
}

/// The message about a file with this content, its path replaced.
fn with_file(content: &str, flags: &[(&str, &str)]) -> Result<Loaded, Problem> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("terrane.toml");
    std::fs::write(&path, content).unwrap();
    let mut all = vec![("config", path.to_str().unwrap())];
    all.extend(flags);
    let shorter = |text: String| text.replace(path.to_str().unwrap(), "terrane.toml");
    match with(&all, &[]) {
        Ok(loaded) => Ok(Loaded { text: shorter(loaded.text), ..loaded }),
        Err(Problem { origin, wrong, accepted }) => {
            Err(Problem { origin: shorter(origin), wrong: shorter(wrong), accepted })
        }
    }
}

#[test]
fn without_a_word_everything_has_a_default() {
    let loaded = with(&[], &[]).unwrap();
    assert!(loaded.warnings.is_empty());
    insta::assert_snapshot!(loaded.text);
}

#[test]
fn a_flag_beats_a_variable_beats_the_file_beats_the_default() {
    let file = "listen = \"127.0.0.1:1\"\nrunner-slots = 1\nmax-state-size = \"1MiB\"\nrunner = false\n";
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("terrane.toml");
    std::fs::write(&path, file).unwrap();
    let loaded = with(
        &[("listen", "127.0.0.1:3")],
        &[
            ("TERRANE_CONFIG", path.to_str().unwrap()),
            ("TERRANE_LISTEN", "127.0.0.1:2"),
            ("TERRANE_RUNNER_SLOTS", "2"),
            ("HOME", "/home/somebody"),
        ],
    )
    .unwrap();
    let config = &loaded.config;
    assert_eq!(config.server.listen.port(), 3);
    assert_eq!(config.runner.slots, 2);
    assert_eq!(config.limits.state_size, 1 << 20);
    assert!(!config.runner.on);
    assert_eq!(config.server.data, Path::new("/here/terrane-data"));
    insta::assert_snapshot!(loaded.text.replace(path.to_str().unwrap(), "/etc/terrane.toml"));
}

#[test]
fn what_config_prints_is_a_configuration_file() {
    let flags = [
        ("data", "/srv/terrane"),
        ("url", "https://terrane.example.com"),
        ("tls", "cert.pem,key.pem"),
        ("release-mirror", "https://mirror.example.com/"),
        ("log-level", "warn,terrane=debug"),
        ("apply-timeout", "1h30m"),
        ("runner-unsafe", "on"),
        ("max-upload-size", "100MB"),
    ];
    let first = with(&flags, &[]).unwrap();
    let second = with_file(&first.text, &[]).unwrap();
    let values = |text: &str| {
        let mut table: toml::Table = text.parse().unwrap();
        table.remove("config");
        table
    };
    assert_eq!(values(&first.text), values(&second.text));
}

#[test]
fn the_example_is_a_configuration_file() {
    let loaded = with_file(include_str!("../../../deploy/example.toml"), &[]).unwrap();
    assert!(loaded.warnings.is_empty() && !loaded.config.runner.on, "{}", loaded.text);
}

#[test]
fn a_secret_comes_from_a_file_and_is_not_printed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("database");
    std::fs::write(&path, "postgres://terrane:hunter2@db/terrane\n").unwrap();
    let loaded = with(&[], &[("TERRANE_DATABASE_FILE", path.to_str().unwrap())]).unwrap();
    let Database::Postgres(url) = &loaded.config.storage.database else { panic!("{:?}", loaded.config.storage) };
    assert_eq!(secrecy::ExposeSecret::expose_secret(url), "postgres://terrane:hunter2@db/terrane");
    assert!(!format!("{loaded:?}").contains("hunter2"));
    assert!(loaded.text.contains("database = \"postgres://terrane:***@db/terrane\" # TERRANE_DATABASE_FILE\n"));
}

#[test]
fn unknown_variables_and_open_doors_are_worth_a_warning() {
    let loaded = with(&[("tls", "off"), ("listen", "0.0.0.0:80")], &[("TERRANE_LISTN", "x"), ("TERRANE_DATA", "/d")]);
    insta::assert_snapshot!(loaded.unwrap().warnings.join("\n"), @r"
    TERRANE_LISTN is set but is no setting; it is ignored
    listening on 0.0.0.0:80 without TLS: tokens and states cross the network in the clear unless a proxy protects them
    ");
}

#[test]
fn the_public_url_follows_the_bound_address() {
    let url = |flags: &[(&str, &str)], bound: &str| {
        with(flags, &[]).unwrap().config.server.public_url(bound.parse().unwrap()).to_string()
    };
    assert_eq!(url(&[], "127.0.0.1:8443"), "https://localhost:8443/");
    assert_eq!(url(&[], "[::]:443"), "https://localhost/");
    assert_eq!(url(&[("tls", "off")], "10.1.2.3:80"), "http://10.1.2.3/");
    assert_eq!(url(&[("url", "https://terrane.example.com")], "10.1.2.3:80"), "https://terrane.example.com/");
    let names = |flags: &[(&str, &str)], bound: &str| {
        with(flags, &[]).unwrap().config.server.certificate_names(bound.parse().unwrap()).join(" ")
    };
    assert_eq!(names(&[], "127.0.0.1:8443"), "localhost 127.0.0.1 ::1");
    assert_eq!(names(&[], "[2001:db8::1]:8443"), "localhost 127.0.0.1 ::1 2001:db8::1");
    assert_eq!(names(&[("url", "https://t.example.com")], "[::]:1"), "localhost 127.0.0.1 ::1 t.example.com");
    let more = [("tls-names", "terrane, Server,::2,localhost")];
    assert_eq!(names(&more, "[::]:1"), "localhost 127.0.0.1 ::1 terrane server ::2");
}

#[test]
fn a_bad_value_is_one_clear_line() {
    let mut lines = Vec::new();
    for (name, text) in [
        ("config", "/nowhere/terrane.toml"),
        ("data", ""),
        ("listen", "localhost"),
        ("url", "terrane.example.com"),
        ("url", "ftp://terrane.example.com"),
        ("url", "https://me:hunter2@terrane.example.com"),
        ("url", "https://example.com/terrane"),
        ("url", "http://terrane.example.com"),
        ("tls", "cert.pem"),
        ("tls-names", "terrane,"),
        ("tls-names", "https://terrane"),
        ("database", "mysql://root:hunter2@db/terrane"),
        ("database-file", "/nowhere/database"),
        ("master-key", ""),
        ("objects", "/srv/objects"),
        ("objects", "file:"),
        ("objects", "s3:states/../x"),
        ("objects-endpoint", "https://s3.example.com"),
        ("objects-credential", ""),
        ("objects-credential-file", "/nowhere/key"),
        ("objects-region", "eu central"),
        ("objects-encryption", "rot13"),
        ("runner", "maybe"),
        ("runner-slots", "0"),
        ("runner-slots", "many"),
        ("runner-unsafe", "1"),
        ("engines", ""),
        ("release-mirror", "file:///srv"),
        ("providers", ""),
        ("runner-ports", "22,0"),
        ("runner-handover", ""),
        ("hook-pre-plan", " "),
        ("hook-post-apply-file", "/nowhere/hook"),
        ("ssh-known-hosts", ""),
        ("executor", "vm"),
        ("docker-host", ""),
        ("image-terraform", "terraform:latest"),
        ("image-tofu", "tofu"),
        ("image-pull", "sometimes"),
        ("registry-credentials", ""),
        ("container-memory", "much"),
        ("container-cpus", "0"),
        ("container-processes", "0"),
        ("container-work-size", "0"),
        ("container-network", "bridge"),
        ("container-egress", "10.0.0.0/8 ,"),
        ("container-dns", ""),
        ("container-hosts", "a b"),
        ("container-seccomp", ""),
        ("container-guard-image", ""),
        ("container-warm", "-1"),
        ("ca-bundle", ""),
        ("log-format", "xml"),
        ("log-level", "loud"),
        ("max-state-size", "1 gig"),
        ("max-upload-size", "0"),
        ("plan-timeout", "90"),
        ("apply-timeout", "0s"),
        ("organization-concurrency", "10001"),
    ] {
        lines.push(with(&[(name, text)], &[]).unwrap_err().to_string());
    }
    for flags in [
        [("objects", "s3:states"), ("objects-credential", "hunter2")],
        [("objects", "azblob:states"), ("objects-credential", "AccountName=acme;AccountKey=hunter!2")],
        [("objects", "s3:states"), ("objects-endpoint", "https://terrane:hunter2@s3.example.com")],
        [("objects", "azblob:states"), ("objects-endpoint", "https://acme.blob.example.com/?sig=hunter2")],
        [("objects", "azblob:states"), ("objects-region", "eu-central-1")],
        [("objects", "azblob:states"), ("log-level", "info")],
    ] {
        lines.push(with(&flags, &[]).unwrap_err().to_string());
    }
    lines.push(with(&[], &[("TERRANE_LISTEN", "a\nb")]).unwrap_err().to_string());
    let both = [("TERRANE_DATABASE", "sqlite:a.db"), ("TERRANE_DATABASE_FILE", "b")];
    lines.push(with(&[], &both).unwrap_err().to_string());
    for file in [
        "listn = \"127.0.0.1:1\"",
        "config = \"other.toml\"",
        "listen = [1]",
        "listen = 1.5",
        "runner-slots = 0",
        "a = 1\nb = = \"hunter2\"",
        "database = \"mysql://hunter2\"",
    ] {
        lines.push(with_file(file, &[]).unwrap_err().to_string());
    }
    assert!(lines.iter().all(|line| !line.contains('\n') && !line.contains("hunter2")));
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn every_setting_can_be_set_in_each_place() {
    let good: BTreeMap<&str, &str> = [
        ("listen", "127.0.0.1:1"),
        ("url", "https://example.com"),
        ("tls", "auto"),
        ("tls-names", "terrane,10.0.0.7,::2"),
        ("database", "sqlite:a.db"),
        ("runner", "off"),
        ("objects", "file:/some/path"),
        ("objects-endpoint", "https://s3.example.com"),
        ("objects-credential", "AKIA:secret"),
        ("objects-region", "eu-central-1"),
        ("objects-path-style", "off"),
        ("objects-encryption", "AES256"),
        ("master-key-endpoint", "https://kms.example.com"),
        ("master-key-region", "eu-central-1"),
        ("master-key-credential", "AKIA:secret"),
        ("master-key-mount", "a/b"),
        ("master-key-namespace", "team"),
        ("backup", "file:/some/path"),
        ("backup-endpoint", "https://s3.example.com"),
        ("backup-credential", "AKIA:secret"),
        ("backup-region", "eu-central-1"),
        ("backup-path-style", "off"),
        ("backup-encryption", "AES256"),
        ("runner-slots", "1"),
        ("runner-unsafe", "on"),
        ("runner-ports", "22,8200"),
        ("release-mirror", "https://example.com/"),
        ("executor", "docker"),
        ("image-terraform", "t:{version}"),
        ("image-tofu", "t:{version}"),
        ("image-pull", "never"),
        ("container-memory", "1GiB"),
        ("container-cpus", "1.5"),
        ("container-processes", "9"),
        ("container-work-size", "1GiB"),
        ("container-network", "none"),
        ("container-warm", "0"),
        ("log-format", "json"),
        ("log-level", "debug"),
        ("max-state-size", "1B"),
        ("max-upload-size", "1B"),
        ("plan-timeout", "1s"),
        ("apply-timeout", "1s"),
        ("apply-lease", "30s"),
        ("runner-provider-cache", "1GiB"),
        ("mirror-hosts", "registry.example.com"),
        ("mirror-size", "1GiB"),
        ("mirror-private", "on"),
        ("index-attributes", "off"),
        ("organization-concurrency", "1"),
        ("workspace-plans", "1"),
    ]
    .into();
    for key in keys().filter(|key| key.name != "config") {
        let text = good.get(key.name).copied().unwrap_or("/some/path");
        // What says how to reach a bucket says nothing of a directory, and what says how to reach a key nothing of a file.
        let beside: &[(&str, &str)] = match key.name {
            "master-key-mount" | "master-key-namespace" => &[
                ("master-key", "vault:a"),
                ("master-key-endpoint", "https://vault.example.com"),
                ("master-key-credential", "hvs.token"),
            ],
            name if name.starts_with("master-key-") => &[("master-key", "awskms:a")],
            name if name.starts_with("objects-") => &[("objects", "s3:states")],
            name if name.starts_with("backup-") => &[("backup", "s3:states")],
            _ => &[],
        };
        let flag = with(&[&[(key.name, text)], beside].concat(), &[]).unwrap();
        assert!(flag.text.contains(&format!("# --{}\n", key.name)), "{}", flag.text);
        let variable = key::variable(key.name);
        let set = with(beside, &[(&variable, text)]).unwrap();
        assert!(set.text.contains(&format!("# {variable}\n")) && set.warnings.is_empty(), "{}", set.text);
        let file = with_file(&format!("{} = \"{text}\"", key.name), beside).unwrap();
        assert!(file.text.contains(&format!("# {} in terrane.toml\n", key.name)), "{}", file.text);
    }
}
