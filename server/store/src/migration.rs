//! Brings a database to the shape that this build knows; one set of SQL files for both engines.

use sqlx::{
    ConnectOptions, Connection,
    migrate::{MigrateError, Migrator},
    postgres::PgPool,
    sqlite::SqliteConnectOptions,
};

static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations");

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
    /// It does not open, or a migration failed.
    #[error("{0}")]
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
    MIGRATIONS.run(&mut conn).await?;
    conn.close().await?;
    Ok(())
}

pub(crate) async fn postgres(pool: &PgPool) -> Result<(), Error> {
    Ok(MIGRATIONS.run(pool).await?)
}
