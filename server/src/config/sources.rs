//! The flags, the environment and the file, asked in that order. Whoever asks for a setting makes it known; what nobody asked for in the
//! end is a mistake of the person who wrote it.

use super::{
    key::{Key, Origin, Problem, variable},
    value::Value,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    path::{Path, PathBuf},
};

const CONFIG_FILE: &str = "a TOML file whose keys are settings, such as listen = \"127.0.0.1:8443\"";

/// Everything a person said, and what was made of it.
#[derive(Debug)]
pub(super) struct Sources {
    flags: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
    file: Option<(PathBuf, toml::Table)>,
    base: PathBuf,
    asked: BTreeSet<String>,
    effective: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    name: &'static str,
    value: Option<(toml::Value, Origin)>,
}

/// What one of the places says, before it is understood.
struct Said {
    text: String,
    origin: Origin,
}

impl Sources {
    /// Takes the flags (by setting name) and the variables (by variable name; others than `TERRANE_…` are ignored), and reads the file that
    /// they name, if they do. Relative paths start at `base`.
    pub(super) fn new(
        flags: BTreeMap<String, String>,
        variables: impl IntoIterator<Item = (String, String)>,
        base: PathBuf,
    ) -> Result<Self, Problem> {
        let variables = variables.into_iter().filter(|(name, _)| name.starts_with("TERRANE_")).collect();
        let (asked, effective) = (BTreeSet::new(), Vec::new());
        let mut sources = Self { flags, variables, file: None, base, asked, effective };
        let named = sources.find_with::<PathBuf>(&super::CONFIG)?;
        if let Some((path, origin)) = named {
            sources.file = Some((path.clone(), read_file(&path, &origin)?));
        }
        Ok(sources)
    }

    /// The setting, if anybody set it.
    pub(super) fn find<T: Value>(&mut self, key: &Key) -> Result<Option<T>, Problem> {
        Ok(self.find_with(key)?.map(|(value, _)| value))
    }

    /// The setting, or its default.
    pub(super) fn get<T: Value>(&mut self, key: &Key, default: impl FnOnce(&Path) -> T) -> Result<T, Problem> {
        if let Some(value) = self.find(key)? {
            return Ok(value);
        }
        let value = default(&self.base);
        if let Some(line) = self.effective.last_mut() {
            line.value = Some((value.show(), Origin::Default));
        }
        Ok(value)
    }

    fn find_with<T: Value>(&mut self, key: &Key) -> Result<Option<(T, Origin)>, Problem> {
        let value = match self.said(key)? {
            None => None,
            Some(Said { text, origin }) => {
                let value = T::parse(&text, &self.base).map_err(|wrong| Problem {
                    origin: origin.to_string(),
                    wrong,
                    accepted: T::ACCEPTED.to_owned(),
                })?;
                Some((value, origin))
            }
        };
        let shown = value.as_ref().map(|(value, origin)| (value.show(), origin.clone()));
        self.effective.push(Line { name: key.name, value: shown });
        Ok(value)
    }

    /// Where the setting's value came from.
    pub(super) fn origin(&self, key: &Key) -> String {
        let line = self.effective.iter().find(|line| line.name == key.name);
        match line.and_then(|line| line.value.as_ref()) {
            Some((_, Origin::Default)) | None => format!("{} (default)", key.name),
            Some((_, origin)) => origin.to_string(),
        }
    }

    /// Whether anybody set it. Ask after the setting was read.
    pub(super) fn is_set(&self, key: &Key) -> bool {
        self.effective.iter().any(|line| line.name == key.name && line.value.is_some())
    }

    fn said(&mut self, key: &Key) -> Result<Option<Said>, Problem> {
        self.asked.insert(key.name.to_owned());
        self.asked.extend(key.file.map(str::to_owned));
        for place in [Self::flag, Self::variable, Self::in_file] {
            let plain = place(self, key.name)?;
            let file = match key.file {
                Some(file) => place(self, file)?,
                None => None,
            };
            match (plain, file) {
                (Some(plain), Some(file)) => {
                    return Err(Problem {
                        origin: format!("{} and {}", plain.origin, file.origin),
                        wrong: "both are set".to_owned(),
                        accepted: "one of them".to_owned(),
                    });
                }
                (Some(plain), None) => return Ok(Some(plain)),
                (None, Some(Said { text, origin })) => return self.read_secret(&text, origin).map(Some),
                (None, None) => {}
            }
        }
        Ok(None)
    }

    fn read_secret(&self, path: &str, origin: Origin) -> Result<Said, Problem> {
        let path = self.base.join(path);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Said { text: text.trim_end_matches(['\r', '\n']).to_owned(), origin }),
            Err(error) => Err(Problem {
                origin: origin.to_string(),
                wrong: format!("cannot read {}: {error}", path.display()),
                accepted: "a file that holds the value and nothing else".to_owned(),
            }),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<Said>, Problem> {
        let text = self.flags.get(name).cloned();
        Ok(text.map(|text| Said { text, origin: Origin::Flag(name.to_owned()) }))
    }

    fn variable(&self, name: &str) -> Result<Option<Said>, Problem> {
        let name = variable(name);
        let text = self.variables.get(&name).cloned();
        Ok(text.map(|text| Said { text, origin: Origin::Variable(name) }))
    }

    fn in_file(&self, name: &str) -> Result<Option<Said>, Problem> {
        let Some((path, table)) = &self.file else { return Ok(None) };
        let Some(value) = table.get(name) else { return Ok(None) };
        let origin = Origin::File { path: path.clone(), key: name.to_owned() };
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(switch) => switch.to_string(),
            other => {
                return Err(Problem {
                    origin: origin.to_string(),
                    wrong: format!("a TOML {} cannot be a setting", other.type_str()),
                    accepted: "a string, a whole number, true or false".to_owned(),
                });
            }
        };
        Ok(Some(Said { text, origin }))
    }

    /// Refuses what the file holds and nobody asked for.
    pub(super) fn refuse_unknown_keys(&self) -> Result<(), Problem> {
        let Some((path, table)) = &self.file else { return Ok(()) };
        match table.keys().find(|key| !self.asked.contains(*key) || *key == super::CONFIG.name) {
            None => Ok(()),
            Some(key) => Err(Problem {
                origin: Origin::File { path: path.clone(), key: key.clone() }.to_string(),
                wrong: "there is no such setting in a file".to_owned(),
                accepted: "the settings that terrane config prints".to_owned(),
            }),
        }
    }

    /// The `TERRANE_…` variables that nobody asked for. Other programs may share the prefix, so they are worth a warning only.
    pub(super) fn unknown_variables(&self) -> Vec<String> {
        let known: BTreeSet<String> = self.asked.iter().map(|name| variable(name)).collect();
        self.variables.keys().filter(|name| !known.contains(*name)).cloned().collect()
    }

    /// The effective configuration as TOML, with the origin of each value as a comment.
    pub(super) fn to_toml(&self) -> String {
        let mut text = String::new();
        for Line { name, value } in &self.effective {
            // Writing to a String does not fail.
            let _ = match value {
                // A file cannot name another file.
                Some((value, origin)) if *name == super::CONFIG.name => writeln!(text, "# {name} = {value} # {origin}"),
                Some((value, origin)) => writeln!(text, "{name} = {value} # {origin}"),
                None => writeln!(text, "# {name} is not set"),
            };
        }
        text
    }
}

fn read_file(path: &Path, origin: &Origin) -> Result<toml::Table, Problem> {
    let problem = |wrong| Problem { origin: origin.to_string(), wrong, accepted: CONFIG_FILE.to_owned() };
    let text =
        std::fs::read_to_string(path).map_err(|error| problem(format!("cannot read {}: {error}", path.display())))?;
    text.parse::<toml::Table>().map_err(|error| {
        // The error's own text spans lines and repeats the file's, which may hold a secret.
        let line = error.span().map_or(1, |span| 1 + text[..span.start.min(text.len())].matches('\n').count());
        problem(format!("{} is no TOML: line {line}: {}", path.display(), error.message().replace('\n', " ")))
    })
}
