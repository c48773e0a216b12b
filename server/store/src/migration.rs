//! Brings a database to the shape that this build knows; one set of SQL files for both engines.

use sqlx::{
    ConnectOptions, Connection,
    migrate::{MigrateError, Migration, Migrator},
    postgres::PgPool,
    sqlite::SqliteConnectOptions,
};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

/// Which migrations a database has.
pub(crate) const APPLIED: &str = "SELECT version FROM _sqlx_migrations ORDER BY version";

/// Why a database cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A newer build was here.
    #[error(
        "the database has migration {0}, which this build does not know: it was written by a newer Terrane; start that one, or restore a backup"
    )]
    Newer(i64),
    /// A migration was changed after it was applied.
    #[error(
        "migration {0} of the database differs from this build's: the database belongs to another build of Terrane"
    )]
    Different(i64),
    /// It has not all migrations of this build, and was not to be changed.
    #[error(
        "the database is of an earlier Terrane (it lacks migration {0}); start this version's server on it once, or use the program that serves it"
    )]
    Older(i64),
    /// It does not open, or a migration failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Something else about migrations.
    #[error("migrating the database: {0}")]
    Other(MigrateError),
}

impl From<MigrateError> for Error {
    fn from(error: MigrateError) -> Self {
        match error {
            MigrateError::VersionMissing(version) => Self::Newer(version),
            MigrateError::VersionMismatch(version) => Self::Different(version),
            MigrateError::Execute(error) => Self::Database(error),
            other => Self::Other(other),
        }
    }
}

pub(crate) async fn sqlite(options: &SqliteConnectOptions) -> Result<(), Error> {
    let mut conn = options.connect().await?;
    points::pass("sqlite.migrate");
    MIGRATIONS.run(&mut conn).await?;
    points::pass("sqlite.migrated");
    conn.close().await?;
    Ok(())
}

pub(crate) async fn postgres(pool: &PgPool) -> Result<(), Error> {
    points::pass("postgres.migrate");
    MIGRATIONS.run(pool).await?;
    points::pass("postgres.migrated");
    Ok(())
}

/// All that this build knows.
pub(crate) fn all() -> &'static Migrator {
    &MIGRATIONS
}

/// Those of a shape; the ones that this build does not know, if there are any.
pub(crate) fn of_shape(shape: &[i64]) -> Result<Migrator, Vec<i64>> {
    let known: Vec<&Migration> = MIGRATIONS.iter().filter(|known| shape.contains(&known.version)).collect();
    let unknown = shape.iter().copied().filter(|wanted| !known.iter().any(|known| known.version == *wanted));
    let unknown: Vec<i64> = unknown.collect();
    if unknown.is_empty() { Ok(Migrator::with_migrations(known.into_iter().cloned().collect())) } else { Err(unknown) }
}

/// Sees that a database has this build's shape, and changes nothing.
pub(crate) fn compare(applied: &[i64]) -> Result<(), Error> {
    of_shape(applied).map_err(|unknown| Error::Newer(unknown.first().copied().unwrap_or_default()))?;
    match MIGRATIONS.iter().find(|known| !applied.contains(&known.version)) {
        Some(missing) => Err(Error::Older(missing.version)),
        None => Ok(()),
    }
}
