//! Which providers a configuration may need: those whose type is named somewhere in it, in its lock file or in its state.

use cap_std::fs::Dir;
use std::{fs, io, path::Path};

/// Those of these providers (`HOST/NAMESPACE/TYPE`) whose type is named somewhere in a configuration or in its state.
pub(crate) fn mentioned(mut all: Vec<String>, configuration: &Path) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    if all.is_empty() {
        return Ok(found);
    }
    look(&Dir::open_ambient_dir(configuration, cap_std::ambient_authority())?, &mut |text| {
        all.retain(|provider| {
            let kind = provider.rsplit('/').next().unwrap_or(provider);
            let named = memchr::memmem::find(text, kind.as_bytes()).is_some();
            if named {
                found.push(provider.clone());
            }
            !named
        });
        all.is_empty()
    })?;
    found.sort();
    Ok(found)
}

/// Every provider of a mirror.
pub(crate) fn mirrored(mirror: &Path) -> Vec<String> {
    let names = |path: &Path| -> Vec<String> {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().is_dir()).filter_map(|entry| entry.file_name().into_string().ok()).collect()
    };
    let mut found = Vec::new();
    for host in names(mirror) {
        for namespace in names(&mirror.join(&host)) {
            for kind in names(&mirror.join(&host).join(&namespace)) {
                found.push(format!("{host}/{namespace}/{kind}"));
            }
        }
    }
    found
}

/// Shows every file that can name a provider, until enough was seen.
fn look(directory: &Dir, seen: &mut impl FnMut(&[u8]) -> bool) -> io::Result<bool> {
    const ENDINGS: [&str; 6] = [".tf", ".tf.json", ".tofu", ".tofu.json", ".hcl", ".tfstate"];
    for entry in directory.entries()? {
        let entry = entry?;
        let kind = entry.file_type()?;
        let name = entry.file_name();
        let relevant = name.to_str().is_some_and(|name| ENDINGS.iter().any(|ending| name.ends_with(ending)));
        let enough = if kind.is_dir() {
            look(&entry.open_dir()?, seen)?
        } else if kind.is_file() && relevant {
            seen(&directory.read(&name)?)
        } else {
            false
        };
        if enough {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_needed_where_its_name_is_somewhere() {
        let place = tempfile::tempdir().unwrap();
        let (mirror, configuration) = (place.path().join("mirror"), place.path().join("c"));
        for provider in ["example.test/acme/null", "example.test/acme/aws", "example.test/acme/random"] {
            fs::create_dir_all(mirror.join(provider)).unwrap();
        }
        fs::create_dir_all(configuration.join("deep/er")).unwrap();
        fs::write(configuration.join("main.tf"), "resource \"null_resource\" \"x\" {}").unwrap();
        fs::write(configuration.join("deep/er/x.tf.json"), "{\"provider\":{\"aws\":{}}}").unwrap();
        fs::write(configuration.join("README.md"), "random").unwrap();
        assert_eq!(
            mentioned(mirrored(&mirror), &configuration).unwrap(),
            ["example.test/acme/aws", "example.test/acme/null"]
        );
        assert_eq!(mirrored(&mirror).len(), 3);
    }
}
