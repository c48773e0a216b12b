//! `terrane prices …`

use std::io::Write;
use std::path::{Path, PathBuf};

use super::Error;
use super::files::{files, load, read_text, write};
use crate::catalogue::{self, Builder, Catalogue, Cloud, Fetch, TRANSCRIBED, Wanted, refresh};

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
    /// Lay what the vendors' price APIs answer over a catalogue
    Update {
        /// Folder with answers (`*.json`, `*.csv`; AWS's maps named by their service) instead of asking the vendors
        #[arg(long, conflicts_with_all = ["cloud", "regions", "google_key_file"])]
        from: Option<PathBuf>,
        /// Whom to ask
        #[arg(long, value_enum, value_delimiter = ',', default_value = "aws,azure,google")]
        cloud: Vec<Cloud>,
        /// Regions to ask AWS and Azure for
        #[arg(long, value_delimiter = ',')]
        regions: Vec<String>,
        /// File that holds an API key of Google's
        #[arg(long)]
        google_key_file: Option<PathBuf>,
        /// PEM certificates of authorities to trust beside the system's
        #[arg(long)]
        ca_bundle: Option<PathBuf>,
        /// Where AWS's offer files lie, for a mirror
        #[arg(long, hide = true)]
        aws_url: Option<String>,
        /// Where Azure's retail prices lie, for a mirror
        #[arg(long, hide = true)]
        azure_url: Option<String>,
        /// Where Google's billing catalogue lies, for a mirror
        #[arg(long, hide = true)]
        google_url: Option<String>,
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

impl Prices {
    /// The file with authorities to trust, for whoever brings the network.
    #[must_use]
    pub fn ca_bundle(&self) -> Option<&Path> {
        match self {
            Self::Update { ca_bundle, .. } => ca_bundle.as_deref(),
            _ => None,
        }
    }

    /// Runs the command; only `update` asks through `fetch`.
    ///
    /// # Errors
    /// Names the file that could not be used, the address that did not answer, or how many findings keep a catalogue from
    /// being used.
    pub fn run(self, out: &mut impl Write, fetch: &dyn Fetch) -> Result<(), Error> {
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
            Self::Update {
                from,
                cloud,
                regions,
                google_key_file,
                ca_bundle: _,
                aws_url,
                azure_url,
                google_url,
                catalogue,
                out: target,
                accept,
            } => {
                let old = load(catalogue.as_deref())?;
                let mut builder = old.to_builder();
                match from {
                    Some(folder) => add_answers(&mut builder, &folder, out)?,
                    None => {
                        let usual = Wanted::default();
                        let mirror =
                            |url: Option<String>, usual| url.map_or(usual, |url| url.trim_end_matches('/').to_owned());
                        let key = google_key_file.map(|path| read_text(&path)).transpose()?;
                        let wanted = Wanted {
                            clouds: cloud,
                            regions,
                            google_key: key.map(|key| key.trim().to_owned()),
                            aws: mirror(aws_url, usual.aws),
                            azure: mirror(azure_url, usual.azure),
                            google: mirror(google_url, usual.google),
                        };
                        let mut lines = Vec::new();
                        let asked = refresh(&mut builder, &wanted, fetch, &mut |line| lines.push(line.to_owned()));
                        for line in lines {
                            writeln!(out, "{line}")?;
                        }
                        asked?;
                    }
                }
                for left_out in builder.ambiguous() {
                    writeln!(out, "left out: {left_out}")?;
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
                let sources = checked.sources();
                let points: usize = sources.values().sum();
                for (source, count) in &sources {
                    writeln!(out, "{count:>7} prices from {source}")?;
                }
                if let Some(written) = sources.get(TRANSCRIBED) {
                    writeln!(
                        out,
                        "{written} of {points} prices were written down by hand from the vendors' pages and not read by machine: refresh them with `terrane prices update`"
                    )?;
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

/// Answers of price APIs that somebody brought in.
fn add_answers(builder: &mut Builder, folder: &Path, out: &mut impl Write) -> Result<(), Error> {
    let mut answers = files(folder, "json")?;
    answers.extend(files(folder, "csv")?);
    for path in answers {
        let service = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let taken = builder.add_answer(&service, &read_text(&path)?)?;
        writeln!(out, "{}: {taken} prices", path.display())?;
    }
    Ok(())
}
