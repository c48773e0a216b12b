//! The two databases that everything must work on, and a fresh one of either for each server.

use std::fmt;
use std::path::Path;

use sqlx::{Connection, Executor, PgConnection};

use crate::settings;

/// Which database a server is started on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file in the server's data directory.
    Sqlite,
    /// A database of its own on the Postgres server of [`settings::postgres`].
    Postgres,
}

impl Database {
    /// Both, for whatever must hold on each.
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        })
    }
}

/// A database on the Postgres server, dropped with this value.
pub struct Schema {
    name: String,
}

impl Schema {
    /// Creates an empty database named after `data`, the data directory of the server that will use it.
    ///
    /// # Panics
    /// When Postgres cannot be reached or refuses.
    #[must_use]
    pub fn create(data: &Path) -> Self {
        let folder = data.file_name().expect("a data directory has a name").to_string_lossy().to_lowercase();
        let name: String = folder.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let name = format!("{name}_{}", std::process::id());
        command(&format!("CREATE DATABASE {name}"));
        Self { name }
    }

    /// The URL of this database.
    #[must_use]
    pub fn url(&self) -> String {
        let admin = settings::postgres();
        let (server, _) = admin.rsplit_once('/').expect("a Postgres URL ends in the name of a database");
        format!("{server}/{}", self.name)
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        command(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

fn command(sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut connection = PgConnection::connect(&settings::postgres())
            .await
            .unwrap_or_else(|error| panic!("reach Postgres: {error}"));
        connection.execute(sqlx::AssertSqlSafe(sql)).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    });
}
