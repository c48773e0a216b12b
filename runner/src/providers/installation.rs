//! What an engine is told about where providers come from (`provider_installation` of its settings).

use super::{Link, lock::Locked};
use crate::prepare::quote;
use std::path::Path;

/// Places on this side of the network.
pub(crate) struct Sources<'p> {
    /// Links to packages, as the engine sees them.
    pub(crate) links: &'p Path,
    /// The operator's own folder, where the engine sees it.
    pub(crate) folder: Option<&'p Path>,
    /// What that has.
    pub(crate) local: Vec<String>,
}

/// What can be linked to, what the operator laid down, what the server at `address` mirrors. What one of the latter two has is asked for nowhere else: a
/// registry may not be reachable. Nor is anybody asked for what is locked and can be linked to. Empty where the engine's own way is the only one.
pub(crate) fn installation(
    address: &str,
    mirrored: &[String],
    sources: &Sources<'_>,
    links: &[Link],
    locked: &[Locked],
) -> String {
    let list = |all: &[String]| all.iter().map(|one| quote(one)).collect::<Vec<_>>().join(", ");
    let folders = (!links.is_empty()).then_some(sources.links).into_iter().chain(sources.folder);
    let mut methods: String = folders
        .map(|path| format!("  filesystem_mirror {{\n    path = {}\n  }}\n", quote(&path.display().to_string())))
        .collect();
    let settled = locked.iter().filter(|one| links.iter().any(|link| link.means(one)));
    let settled: Vec<_> = settled.map(|one| one.provider.to_string()).collect();
    // Engines speak to a mirror over TLS only.
    let network: &[String] = if address.starts_with("https://") { mirrored } else { &[] };
    if !network.is_empty() {
        let url = quote(&format!("{}{}", address.trim_end_matches('/'), protocol::PROVIDERS));
        let (include, exclude) = (list(network), list(&[&sources.local[..], &settled[..]].concat()));
        methods += &format!(
            "  network_mirror {{\n    url = {url}\n    include = [{include}]\n    exclude = [{exclude}]\n  }}\n"
        );
    }
    if methods.is_empty() {
        return methods;
    }
    let elsewhere = list(&[&sources.local[..], network, &settled[..]].concat());
    format!("provider_installation {{\n{methods}  direct {{\n    exclude = [{elsewhere}]\n  }}\n}}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use mirror::{Provider, Version};

    #[test]
    fn each_source_is_named_and_excluded_where_another_answers_for_it() {
        let mut sources = Sources { links: Path::new("/m"), folder: None, local: Vec::new() };
        let name = "registry.terraform.io/hashicorp/null";
        let links = [Link { name: format!("{name}/2.1.2"), h1: "h1:a".into() }];
        let locked = [Locked {
            provider: Provider::parse_address(name).unwrap(),
            version: Version::new(2, 1, 2),
            hashes: vec!["h1:a".into()],
        }];
        assert_eq!(installation("https://t.test", &[], &sources, &[], &locked), "");
        let mirrored = ["registry.terraform.io/*/*".to_owned()];
        let settled = installation("https://t.test/", &mirrored, &sources, &links, &locked);
        assert!(settled.contains("url = \"https://t.test/api/mirror/providers/\"\n"), "{settled}");
        assert!(settled.contains(&format!("exclude = [\"{name}\"]\n")), "{settled}");
        let open = installation("https://t.test", &mirrored, &sources, &links, &[]);
        assert!(open.contains("path = \"/m\"") && open.contains("exclude = []"), "{open}");
        let plain = installation("http://t.test", &mirrored, &sources, &links, &[]);
        assert!(!plain.contains("network_mirror") && plain.contains("exclude = []"), "{plain}");
        (sources.folder, sources.local) = (Some(Path::new("/p")), vec!["a.b/c/d".into()]);
        let both = installation("https://t.test", &mirrored, &sources, &[], &[]);
        assert!(both.contains("exclude = [\"a.b/c/d\", \"registry.terraform.io/*/*\"]"), "{both}");
        assert!(!both.contains("/m\""), "{both}");
    }
}
