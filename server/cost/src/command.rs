//! The `cost` and `prices` subcommands. The binary mounts them: `Cost(command::Cost)` and `Prices(command::Prices)`,
//! each with `run`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::catalogue::{self, Builder, Catalogue};
use crate::{Settings, Usage, render};

/// How an estimate is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A table for the terminal.
    Table,
    /// The JSON contract.
    Json,
    /// Markdown for a merge request.
    Markdown,
}

/// `terrane cost …`
#[derive(Debug, clap::Subcommand)]
pub enum Cost {
    /// Estimate what a plan or a state costs a month
    Estimate {
        /// Plan or state as `terraform show -json` writes it; `-` reads standard input
        plan: PathBuf,
        /// Usage file in Infracost's form
        #[arg(long)]
        usage: Option<PathBuf>,
        /// How to show it
        #[arg(long, value_enum, default_value = "table")]
        format: Format,
        /// Price catalogue to use instead of the built-in one
        #[arg(long)]
        catalogue: Option<PathBuf>,
        /// Negotiated prices (JSON: discounts by key prefix, prices by key)
        #[arg(long)]
        overrides: Option<PathBuf>,
        /// Hours in a month
        #[arg(long, default_value = "730")]
        hours: rust_decimal::Decimal,
    },
}

/// `terrane prices …`
#[derive(Debug, clap::Subcommand)]
pub enum Prices {
    /// Build a catalogue from a folder of price tables
    Build {
        /// Folders with tables (`*.tsv`); later ones win
        #[arg(required = true)]
        tables: Vec<PathBuf>,
        /// Where to write it
        #[arg(long)]
        out: PathBuf,
    },
    /// Write the catalogue as text, for review or for a closed site
    Export {
        /// Catalogue to export instead of the built-in one
        #[arg(long)]
        catalogue: Option<PathBuf>,
        /// Where to write it; standard output when left out
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Read an exported text, verify it and write a catalogue
    Import {
        /// The exported text
        text: PathBuf,
        /// Where to write the catalogue
        #[arg(long)]
        out: PathBuf,
        /// Accept prices that moved by more than 25 %
        #[arg(long)]
        accept: bool,
    },
    /// Lay answers of the vendors' price APIs over a catalogue
    Update {
        /// Folder with answers (`*.json`), AWS's named by their service
        #[arg(long)]
        from: PathBuf,
        /// Catalogue to begin with instead of the built-in one
        #[arg(long)]
        catalogue: Option<PathBuf>,
        /// Where to write it
        #[arg(long)]
        out: PathBuf,
        /// Accept prices that moved by more than 25 %
        #[arg(long)]
        accept: bool,
    },
    /// Check a catalogue and that every definition finds its prices in it
    Verify {
        /// Catalogue to check instead of the built-in one
        #[arg(long)]
        catalogue: Option<PathBuf>,
    },
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read or written.
    #[error("{doing} {path}: {error}")]
    File {
        /// What was being done.
        doing: &'static str,
        /// The file.
        path: String,
        /// Why it failed.
        #[source]
        error: io::Error,
    },
    /// The plan is no plan.
    #[error(transparent)]
    Plan(#[from] crate::Error),
    /// The usage file is no usage file.
    #[error(transparent)]
    Usage(#[from] crate::UsageError),
    /// The catalogue is no catalogue.
    #[error(transparent)]
    Catalogue(#[from] catalogue::Error),
    /// A table cannot be used.
    #[error(transparent)]
    Table(#[from] catalogue::TableError),
    /// A vendor's answer cannot be used.
    #[error(transparent)]
    Update(#[from] catalogue::UpdateError),
    /// The overrides cannot be used.
    #[error(transparent)]
    Overrides(#[from] catalogue::OverridesError),
    /// The estimate cannot be written.
    #[error("writing the estimate: {0}")]
    Write(#[from] io::Error),
    /// A catalogue that must not be used.
    #[error("{0} finding(s): the catalogue is not used; see the lines above")]
    Findings(usize),
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|error| Error::File { doing: "reading", path: path.display().to_string(), error })
}

fn read_text(path: &Path) -> Result<String, Error> {
    let text = if path == Path::new("-") { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    text.map_err(|error| Error::File { doing: "reading", path: path.display().to_string(), error })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    fs::write(path, bytes).map_err(|error| Error::File { doing: "writing", path: path.display().to_string(), error })
}

fn load(path: Option<&Path>) -> Result<Catalogue, Error> {
    match path {
        Some(path) => Ok(Catalogue::unpack(&read(path)?)?),
        None => Ok(catalogue::embedded().clone()),
    }
}

impl Cost {
    /// Runs the command.
    ///
    /// # Errors
    /// Names the file that could not be used.
    pub fn run(self, out: &mut impl Write) -> Result<(), Error> {
        let Self::Estimate { plan, usage, format, catalogue, overrides, hours } = self;
        let document = read_text(&plan)?;
        let usage = usage.map(|path| read_text(&path)).transpose()?;
        let usage = usage.map(|text| Usage::read(&text)).transpose()?.unwrap_or_default();
        let mut catalogue = load(catalogue.as_deref())?;
        if let Some(path) = overrides {
            catalogue = catalogue.with_overrides(catalogue::Overrides::from_json(&read_text(&path)?)?);
        }
        let settings = Settings { hours_per_month: hours, ..Settings::default() };
        let estimate = crate::estimate(&document, &usage, &catalogue, &settings)?;
        match format {
            Format::Json => {
                serde_json::to_writer_pretty(&mut *out, &estimate).map_err(io::Error::from)?;
                writeln!(out)?;
            }
            Format::Table => out.write_all(render::table(&estimate).as_bytes())?,
            Format::Markdown => out.write_all(render::markdown(&estimate).as_bytes())?,
        }
        Ok(())
    }
}

impl Prices {
    /// Runs the command.
    ///
    /// # Errors
    /// Names the file that could not be used, or how many findings keep a catalogue from being used.
    pub fn run(self, out: &mut impl Write) -> Result<(), Error> {
        match self {
            Self::Build { tables, out: target } => {
                let mut builder = Builder::default();
                for folder in tables {
                    add_folder(&mut builder, &folder, out)?;
                }
                for left_out in builder.ambiguous() {
                    writeln!(out, "left out: {left_out}")?;
                }
                let built = builder.build()?;
                let packed = built.pack()?;
                write(&target, &packed)?;
                writeln!(
                    out,
                    "{}: {} keys, version {}, {} bytes",
                    target.display(),
                    built.len(),
                    built.version(),
                    packed.len()
                )?;
            }
            Self::Export { catalogue, out: target } => {
                let text = load(catalogue.as_deref())?.to_text();
                match target {
                    Some(target) => write(&target, text.as_bytes())?,
                    None => out.write_all(text.as_bytes())?,
                }
            }
            Self::Import { text, out: target, accept } => {
                let new = Catalogue::from_text(read_text(&text)?)?;
                put(&new, catalogue::embedded(), &target, accept, out)?;
            }
            Self::Update { from, catalogue, out: target, accept } => {
                let old = load(catalogue.as_deref())?;
                let mut builder = old.to_builder();
                for path in files(&from, "json")? {
                    let service = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    let taken = builder.add_answer(&service, &read_text(&path)?)?;
                    writeln!(out, "{}: {taken} prices", path.display())?;
                }
                put(&builder.build()?, &old, &target, accept, out)?;
            }
            Self::Verify { catalogue: path } => {
                let checked = load(path.as_deref())?;
                let findings = catalogue::verify(&checked, None);
                for finding in &findings {
                    writeln!(out, "{} {}: {}", finding.key, finding.region, finding.what)?;
                }
                let definitions = crate::check_definitions(&checked);
                for check in &definitions {
                    writeln!(out, "definitions/{}: {}", check.file, check.what)?;
                }
                writeln!(
                    out,
                    "version {}: {} keys, {} priced types",
                    checked.version(),
                    checked.len(),
                    crate::priced_types().len()
                )?;
                let wrong = findings.len() + definitions.len();
                if wrong > 0 {
                    return Err(Error::Findings(wrong));
                }
            }
        }
        Ok(())
    }
}

/// Verifies a catalogue against the one it replaces, and writes it when nothing is held back.
fn put(new: &Catalogue, old: &Catalogue, target: &Path, accept: bool, out: &mut impl Write) -> Result<(), Error> {
    let findings = catalogue::verify(new, Some(old));
    for finding in &findings {
        writeln!(out, "{} {}: {}", finding.key, finding.region, finding.what)?;
    }
    let held = findings.iter().filter(|finding| finding.fatal || !accept).count();
    if held > 0 {
        return Err(Error::Findings(held));
    }
    write(target, &new.pack()?)?;
    writeln!(out, "{}: {} keys, version {}", target.display(), new.len(), new.version())?;
    Ok(())
}

/// The files of a folder with an ending, in order.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(|error| Error::File {
        doing: "reading",
        path: folder.display().to_string(),
        error,
    })?;
    let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == ending));
    files.sort();
    Ok(files)
}

fn add_folder(builder: &mut Builder, folder: &Path, out: &mut impl Write) -> Result<(), Error> {
    for path in files(folder, "tsv")? {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = read_text(&path)?;
        match builder.add_vendor_table(&name, &text) {
            Some(added) => added?,
            None if text.starts_with("key\tregion\tusd\t") => {
                builder.add_table(&name, &text)?;
            }
            None => writeln!(out, "{name}: not a price table, left out")?,
        }
    }
    Ok(())
}
