//! The environment of an engine, from nothing.

use super::{Failure, Inside};
use crate::Options;
use std::path::Path;

/// What every engine finds in its environment; what the run sets comes between the machine's and that which cannot be changed.
pub(crate) fn environment(
    options: &Options,
    inside: &Inside,
    of_run: &[(String, String)],
    cli_workspace: Option<&str>,
) -> Result<Vec<(String, String)>, Failure> {
    let temporary = &inside.temporary;
    // "/plugin" and up to ten digits, and the zero at the end.
    if temporary.as_os_str().len() + 18 > 107 {
        return Err(Failure::TooLong(temporary.clone()));
    }
    let text = |path: &Path| path.display().to_string();
    let mut all: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    if let Some(search) = inside.search {
        all.insert("PATH".into(), search.into());
        // What the machine's own configuration says is nothing to a run; git gives up where it is there and cannot be read.
        all.insert("GIT_CONFIG_NOSYSTEM".into(), "1".into());
    }
    all.insert("LANG".into(), "C.UTF-8".into());
    // What engine and providers read is SSL_CERT_FILE; git, curl and the like have names of their own for the same.
    for key in ["AWS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE"] {
        all.insert(key.into(), text(&inside.certificates));
    }
    all.extend(options.environment.iter().cloned());
    all.extend(of_run.iter().cloned());
    for (key, value) in [
        ("HOME", text(&inside.layout.work().join("h"))),
        ("TMPDIR", text(temporary)),
        ("TF_IN_AUTOMATION", "1".into()),
        ("TF_INPUT", "0".into()),
        ("CHECKPOINT_DISABLE", "1".into()),
        ("TF_CLI_CONFIG_FILE", text(&inside.layout.cli_configuration())),
        ("SSL_CERT_FILE", text(&inside.certificates)),
    ] {
        all.insert(key.into(), value);
    }
    if let Some(workspace) = cli_workspace {
        all.insert("TF_WORKSPACE".into(), workspace.into());
    }
    Ok(all.into_iter().collect())
}
