//! What a dependency lock file says.

use mirror::{Provider, Version};

/// One provider of a lock file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Locked {
    pub(crate) provider: Provider,
    pub(crate) version: Version,
    /// The check sums that are accepted, whatever the platform (`h1:…`, `zh:…`).
    pub(crate) hashes: Vec<String>,
}

/// Reads a lock file as engines write it. What cannot be read is as if it were not locked: the engine itself judges the file.
pub(crate) fn read(text: &[u8]) -> Vec<Locked> {
    let text = String::from_utf8_lossy(text);
    let mut found = Vec::new();
    for block in text.split("\nprovider \"").skip(usize::from(!text.starts_with("provider \""))) {
        let block = block.strip_prefix("provider \"").unwrap_or(block);
        let Some((address, body)) = block.split_once('"') else { continue };
        let body = body.split("\n}").next().unwrap_or(body);
        let version = body.lines().find_map(|line| line.trim().strip_prefix("version")?.split('"').nth(1));
        let is_hash = |text: &&str| text.starts_with("h1:") || text.starts_with("zh:");
        let hashes = body.split('"').filter(is_hash).map(str::to_owned).collect();
        if let (Some(provider), Some(version)) = (Provider::parse_address(address), version.and_then(mirror::version)) {
            found.push(Locked { provider, version, hashes });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_is_read_as_engines_write_it() {
        let text = "# This file is maintained automatically.\n\nprovider \"registry.terraform.io/hashicorp/aws\" {\n  version     = \"3.39.0\"\n  \
                    constraints = \"3.39.0\"\n  hashes = [\n    \"h1:abc=\",\n    \"zh:0123\",\n  ]\n}\n\nprovider \
                    \"example.test/acme/null\" {\n  version = \"2.1.2\"\n}\n";
        let read = read(text.as_bytes());
        let shown: Vec<_> =
            read.iter().map(|one| format!("{} {} {:?}", one.provider, one.version, one.hashes)).collect();
        assert_eq!(
            shown,
            [
                "registry.terraform.io/hashicorp/aws 3.39.0 [\"h1:abc=\", \"zh:0123\"]",
                "example.test/acme/null 2.1.2 []"
            ]
        );
        assert_eq!(super::read(b"provider \"a.b/c/d\" {\n  version = \"1.0.0\"\n}\n").len(), 1);
    }

    #[test]
    fn what_is_no_lock_file_locks_nothing() {
        for text in [
            "",
            "provider \"",
            "provider \"x\" {}",
            "\nprovider \"a/b/c\" { version = \"../..\" }",
            "\u{0}\nprovider \"\"",
        ] {
            assert_eq!(read(text.as_bytes()), [], "{text:?}");
        }
    }
}
