//! From configurations to runs: the files that modules, mocks and static data name.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::config::{Configuration, Source};
use crate::run::{Provider, Run};
use crate::syntax::ast::Program;

/// Reads and parses a Sentinel file.
pub(crate) fn read(path: &Path) -> Result<Arc<Program>, String> {
    let shown = path.display().to_string();
    let source = std::fs::read(path).map_err(|e| format!("{shown}: {e}"))?;
    Program::parse(&shown, &source).map(Arc::new).map_err(|problem| problem.to_string())
}

/// Gives a run what a configuration says; its paths are relative to `directory`.
pub(crate) fn bind(run: &mut Run, configuration: &Configuration, directory: &Path) -> Result<(), String> {
    for (path, source) in &configuration.imports {
        if let Some(provider) = provider(source, directory)? {
            if crate::std_imports::Standard::of(path).is_some() {
                return Err(format!("the standard import {path} can be replaced only by a mock"));
            }
            run.imports.insert(path.clone(), provider);
        }
    }
    for (path, source) in &configuration.mocks {
        if let Some(provider) = provider(source, directory)? {
            run.mocks.insert(path.clone(), provider);
        }
    }
    run.params.extend(configuration.params.iter().map(|(k, v)| (k.clone(), v.clone())));
    run.globals.extend(configuration.globals.iter().map(|(k, v)| (k.clone(), v.clone())));
    Ok(())
}

fn provider(source: &Source, directory: &Path) -> Result<Option<Provider>, String> {
    Ok(Some(match source {
        Source::Plugin => return Ok(None),
        Source::Members(json) => Provider::Members(Arc::new(json.clone())),
        Source::Module(file) => Provider::Module(read(&local(file, directory)?)?),
        Source::Static(file) => {
            let path = local(file, directory)?;
            let source = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            let json: Json = serde_json::from_slice(&source).map_err(|e| format!("{}: {e}", path.display()))?;
            Provider::Static(Arc::new(json))
        }
    }))
}

pub(crate) fn local(file: &str, directory: &Path) -> Result<std::path::PathBuf, String> {
    if file.contains("://") || file.contains("::") {
        return Err(format!("the source {file} is not a local file; fetch it and name the copy"));
    }
    Ok(directory.join(file))
}
