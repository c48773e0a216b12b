//! Filling an empty database with the rows of another one, whichever engine that was: all of them or none.

use super::{Kind, Row, Table, Value, catalog, listed, quoted};
use crate::{Error, migration};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _, PgConnection, Postgres, Sqlite,
    SqliteConnection,
    postgres::PgConnectOptions,
    query::Query,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};
use std::{path::PathBuf, str::FromStr as _};

/// So many values go into one statement at most; both engines take more.
const VALUES: usize = 16_000;

/// Which database.
#[derive(Debug, Clone)]
pub enum Place {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A Postgres database, by its URL.
    Postgres(String),
}

/// Why a database cannot be filled.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Somebody's rows are there.
    #[error(
        "the database is not empty: it has {organizations} organizations and {users} users; nothing was changed. Name an empty one with --database"
    )]
    NotEmpty {
        /// How many organizations.
        organizations: i64,
        /// How many users.
        users: i64,
    },
    /// Servers use it.
    #[error(
        "the database is in use by a server ({0} connections); stop it first: it would go on with keys that are no longer the site's"
    )]
    InUse(i64),
    /// The rows are of a shape that this build does not know.
    #[error(
        "the rows were written by a newer Terrane (it had the migrations {0:?}, which this one does not know); use that one or a later"
    )]
    Newer(Vec<i64>),
    /// The database has a shape that the rows do not have.
    #[error(
        "the database is already of a later shape than the rows (it has the migrations {0:?}); name a new, empty one with --database"
    )]
    Later(Vec<i64>),
    /// It cannot be brought to the shape of the rows.
    #[error(transparent)]
    Migration(#[from] migration::Error),
    /// It refuses.
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<sqlx::Error> for LoadError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

enum Conn {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// An empty database that is being filled, in one transaction. Dropped, it is as it was but for the shape.
pub struct Load {
    conn: Conn,
    tables: Vec<Table>,
}

impl Load {
    /// Sees that a database is empty and can take rows of this shape. Nothing is changed.
    ///
    /// # Errors
    /// As [`Load::begin`].
    pub async fn examine(place: &Place, shape: &[i64]) -> Result<(), LoadError> {
        migration::of_shape(shape).map_err(LoadError::Newer)?;
        if let Place::Sqlite(path) = place
            && !path.exists()
        {
            return Ok(());
        }
        Conn::open(place).await?.refuse(shape).await
    }

    /// Brings an empty database to the shape that the rows have (which migrations), and begins.
    ///
    /// # Errors
    /// When it is not empty, when the shape is not known here, or when the database refuses.
    pub async fn begin(place: &Place, shape: &[i64]) -> Result<Self, LoadError> {
        let migrator = migration::of_shape(shape).map_err(LoadError::Newer)?;
        let mut conn = Conn::open(place).await?;
        conn.refuse(shape).await?;
        match &mut conn {
            Conn::Sqlite(conn) => migrator.run(&mut *conn).await.map_err(migration::Error::from)?,
            Conn::Postgres(conn) => migrator.run(&mut *conn).await.map_err(migration::Error::from)?,
        }
        let tables = match &mut conn {
            Conn::Sqlite(conn) => catalog::sqlite(conn).await?,
            Conn::Postgres(conn) => catalog::postgres(conn).await?,
        };
        conn.execute(if matches!(conn, Conn::Sqlite(_)) { "BEGIN IMMEDIATE" } else { "BEGIN" }).await?;
        conn.refuse_rows().await?;
        // What the migrations or a first start put there comes with the rows, if it is still true.
        for table in tables.iter().rev() {
            conn.execute(&format!("DELETE FROM {}", quoted(&table.name))).await?;
        }
        Ok(Self { conn, tables })
    }

    /// The tables, each after those that its rows point at.
    #[must_use]
    pub fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// Adds rows of a table: its columns as the rows have them.
    ///
    /// # Errors
    /// When the database refuses one; nothing of all is kept then.
    pub async fn insert(&mut self, table: &Table, rows: &[Row]) -> Result<(), LoadError> {
        let width = table.columns.len().max(1);
        for rows in rows.chunks((VALUES / width).max(1)) {
            let mut sql = format!("INSERT INTO {} ({}) VALUES ", quoted(&table.name), listed(table.columns.iter()));
            for row in 0..rows.len() {
                sql.push_str(if row == 0 { "(" } else { ", (" });
                for column in 0..width {
                    let comma = if column == 0 { "" } else { ", " };
                    sql.push_str(&format!("{comma}${}", row * width + column + 1));
                }
                sql.push(')');
            }
            let values = rows.iter().flat_map(|row| row.iter().zip(&table.columns));
            match &mut self.conn {
                Conn::Sqlite(conn) => {
                    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                    values
                        .fold(query, |query, (value, column)| bind_sqlite(query, value, column.kind))
                        .execute(conn)
                        .await
                        .map(drop)
                }
                Conn::Postgres(conn) => {
                    let query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
                    values
                        .fold(query, |query, (value, column)| bind_postgres(query, value, column.kind))
                        .execute(conn)
                        .await
                        .map(drop)
                }
            }?;
        }
        Ok(())
    }

    /// Keeps all of it, and brings the database to this build's shape.
    ///
    /// # Errors
    /// When a row points at one that is not there, or the database refuses otherwise; nothing is kept then.
    pub async fn finish(mut self) -> Result<(), LoadError> {
        points::pass("restore.commit");
        self.conn.execute("COMMIT").await?;
        points::pass("restore.committed");
        match self.conn {
            Conn::Sqlite(mut conn) => {
                migration::all().run(&mut conn).await.map_err(migration::Error::from)?;
                conn.close().await?;
            }
            Conn::Postgres(mut conn) => {
                migration::all().run(&mut conn).await.map_err(migration::Error::from)?;
                conn.close().await?;
            }
        }
        Ok(())
    }
}

impl Conn {
    async fn open(place: &Place) -> Result<Self, LoadError> {
        Ok(match place {
            Place::Sqlite(path) => {
                let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
                let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
                Self::Sqlite(options.foreign_keys(true).connect().await?)
            }
            Place::Postgres(url) => {
                let options = PgConnectOptions::from_str(url)?.application_name("terrane restore");
                Self::Postgres(options.connect().await?)
            }
        })
    }

    /// Refuses a database that holds rows, or whose shape rows of this one do not fit.
    async fn refuse(&mut self, shape: &[i64]) -> Result<(), LoadError> {
        // On SQLite the lock of the data directory says it.
        if matches!(self, Self::Postgres(_)) {
            let others = self.numbers(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND application_name = 'terrane' AND pid <> pg_backend_pid()",
            );
            match others.await?.into_iter().sum() {
                0 => {}
                others => return Err(LoadError::InUse(others)),
            }
        }
        self.refuse_rows().await?;
        let later: Vec<i64> = self.applied().await?.into_iter().filter(|version| !shape.contains(version)).collect();
        if later.is_empty() { Ok(()) } else { Err(LoadError::Later(later)) }
    }

    async fn execute(&mut self, sql: &str) -> Result<(), LoadError> {
        let sql = AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(conn) => conn.execute(sql).await.map(drop)?,
            Self::Postgres(conn) => conn.execute(sql).await.map(drop)?,
        }
        Ok(())
    }

    async fn numbers(&mut self, sql: &'static str) -> Result<Vec<i64>, LoadError> {
        let rows: Vec<(i64,)> = match self {
            Self::Sqlite(conn) => sqlx::query_as(sql).fetch_all(conn).await?,
            Self::Postgres(conn) => sqlx::query_as(sql).fetch_all(conn).await?,
        };
        Ok(rows.into_iter().map(|(number,)| number).collect())
    }

    async fn has(&mut self, table: &str) -> Result<bool, LoadError> {
        let tables = match self {
            Self::Sqlite(conn) => {
                sqlx::query_as("SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name = $1")
                    .bind(table.to_owned())
                    .fetch_one(conn)
                    .await
            }
            Self::Postgres(conn) => {
                sqlx::query_as(
                    "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = $1",
                )
                .bind(table.to_owned())
                .fetch_one(conn)
                .await
            }
        };
        let (count,): (i64,) = tables?;
        Ok(count > 0)
    }

    async fn applied(&mut self) -> Result<Vec<i64>, LoadError> {
        if !self.has("_sqlx_migrations").await? {
            return Ok(Vec::new());
        }
        self.numbers(migration::APPLIED).await
    }

    /// A site that nobody has entered yet is empty: a server may have started on it once.
    async fn refuse_rows(&mut self) -> Result<(), LoadError> {
        let mut counts = [0; 2];
        for (count, (table, sql)) in counts
            .iter_mut()
            .zip([("organizations", "SELECT count(*) FROM organizations"), ("users", "SELECT count(*) FROM users")])
        {
            if self.has(table).await? {
                *count = self.numbers(sql).await?.into_iter().sum();
            }
        }
        match counts {
            [0, 0] => Ok(()),
            [organizations, users] => Err(LoadError::NotEmpty { organizations, users }),
        }
    }
}

/// Postgres keeps no NUL character, which SQLite let pass in descriptions of earlier builds: it becomes U+FFFD, on both alike.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

macro_rules! bind {
    ($name:ident, $engine:ident) => {
        fn $name<'q>(
            query: Query<'q, $engine, <$engine as sqlx::Database>::Arguments>,
            value: &Value,
            kind: Kind,
        ) -> Query<'q, $engine, <$engine as sqlx::Database>::Arguments> {
            match (value, kind) {
                (Value::Text(text), _) => query.bind(storable(text)),
                (Value::Integer(number), _) => query.bind(*number),
                (Value::Boolean(yes), _) => query.bind(*yes),
                (Value::Bytes(bytes), _) => query.bind(bytes.clone()),
                (Value::Null, Kind::Text) => query.bind(None::<String>),
                (Value::Null, Kind::Integer) => query.bind(None::<i64>),
                (Value::Null, Kind::Boolean) => query.bind(None::<bool>),
                (Value::Null, Kind::Bytes) => query.bind(None::<Vec<u8>>),
            }
        }
    };
}
bind!(bind_sqlite, Sqlite);
bind!(bind_postgres, Postgres);
