//! What the usual variables of the environment say, which are no settings of ours: where programs lie, and through which proxy one gets out.

use std::path::PathBuf;

/// The proxy variables that every program reads, in both spellings.
const PROXIES: [&str; 6] = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"];

/// The section.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The directories of `PATH`, where an engine of the exact version may be found too.
    pub path: Vec<PathBuf>,
    /// Proxy variables with their values, handed on to runs.
    pub proxies: Vec<(String, String)>,
}

impl Surroundings {
    /// Picks them from all variables.
    pub(super) fn read(variables: &[(String, String)]) -> Self {
        let path = variables.iter().find(|(name, _)| name == "PATH").map(|(_, value)| std::env::split_paths(value));
        Self {
            path: path.into_iter().flatten().filter(|directory| directory.is_absolute()).collect(),
            proxies: variables.iter().filter(|(name, _)| PROXIES.contains(&name.as_str())).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_variables_are_picked() {
        let set = [("PATH", "/usr/bin:relative::/bin"), ("https_proxy", "http://p:1"), ("AWS_SECRET_ACCESS_KEY", "s")];
        let variables: Vec<_> = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let read = Surroundings::read(&variables);
        assert_eq!(read.path, [PathBuf::from("/usr/bin"), PathBuf::from("/bin")]);
        assert_eq!(read.proxies, [("https_proxy".to_owned(), "http://p:1".to_owned())]);
    }
}
