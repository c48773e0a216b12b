//! `terrane cost …`

use std::io::{self, Write};
use std::path::PathBuf;

use super::Error;
use super::files::{load, read_text};
use crate::catalogue;
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
