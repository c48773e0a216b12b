//! Reading all rows as they were at one moment, while others go on writing.

use super::{Kind, Row, Table, Value, catalog, listed, quoted};
use crate::{
    Error, Result, migration,
    store::{Store, begin},
    tx::Conn,
};
use futures::{StreamExt as _, stream::BoxStream};
use sqlx::{AssertSqlSafe, ColumnIndex, Database, Decode, Type};

/// Rows as they come.
pub type Rows<'a> = BoxStream<'a, Result<Row>>;

/// The database as it was at one moment. It holds a connection; what it sees does not change.
pub struct Snapshot {
    conn: Conn,
}

impl Store {
    /// The database as it is now.
    pub async fn snapshot(&self) -> Result<Snapshot> {
        let mut conn = match self {
            Self::Postgres(connections) => {
                Conn::Postgres(begin(connections, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?)
            }
            Self::Sqlite { readers, .. } => Conn::Reader(readers.begin().await?),
        };
        // The moment is that of the first look, on both engines.
        match &mut conn {
            Conn::Reader(tx) => drop(sqlx::query("SELECT count(*) FROM users").fetch_one(&mut **tx).await?),
            Conn::Postgres(loan) => drop(sqlx::query("SELECT count(*) FROM users").fetch_one(loan.conn()).await?),
            _ => {}
        }
        Ok(Snapshot { conn })
    }
}

macro_rules! each {
    ($snapshot:expr, $conn:ident => $run:expr) => {
        match &mut $snapshot.conn {
            Conn::Postgres(loan) => {
                let $conn = loan.conn();
                $run
            }
            Conn::Reader(tx) => {
                let $conn = &mut **tx;
                $run
            }
            _ => unreachable!("a snapshot reads in a transaction"),
        }
    };
}

impl Snapshot {
    /// Which migrations were applied.
    pub async fn shape(&mut self) -> Result<Vec<i64>> {
        let rows: Vec<(i64,)> = each!(self, conn => sqlx::query_as(migration::APPLIED).fetch_all(conn).await?);
        Ok(rows.into_iter().map(|(version,)| version).collect())
    }

    /// The tables, each after those that its rows point at.
    pub async fn tables(&mut self) -> Result<Vec<Table>> {
        match &mut self.conn {
            Conn::Postgres(loan) => catalog::postgres(loan.conn()).await,
            Conn::Reader(tx) => catalog::sqlite(tx).await,
            _ => unreachable!("a snapshot reads in a transaction"),
        }
    }

    /// All rows of a table, in no particular order.
    pub fn rows<'a>(&'a mut self, table: &'a Table) -> Rows<'a> {
        let sql = format!("SELECT {} FROM {}", listed(table.columns.iter()), quoted(&table.name));
        self.fetch(sql, &[], table)
    }

    /// Those rows of a table that have one of these texts in this column.
    pub fn rows_of<'a>(&'a mut self, table: &'a Table, column: &str, texts: &[&str]) -> Rows<'a> {
        let places: Vec<String> = (1..=texts.len()).map(|n| format!("${n}")).collect();
        let sql = format!(
            "SELECT {} FROM {} WHERE {} IN ({})",
            listed(table.columns.iter()),
            quoted(&table.name),
            quoted(column),
            places.join(", ")
        );
        self.fetch(sql, texts, table)
    }

    fn fetch<'a>(&'a mut self, sql: String, texts: &[&str], table: &'a Table) -> Rows<'a> {
        each!(self, conn => {
            let mut query = sqlx::query(AssertSqlSafe(sql)).persistent(false);
            for text in texts {
                query = query.bind((*text).to_owned());
            }
            query.fetch(conn).map(|row| decode(&row?, table)).boxed()
        })
    }
}

fn decode<R>(row: &R, table: &Table) -> Result<Row>
where
    R: sqlx::Row,
    usize: ColumnIndex<R>,
    for<'r> String: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> i64: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> bool: Decode<'r, R::Database> + Type<R::Database>,
    for<'r> Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    let value = |(place, kind)| match kind {
        Kind::Text => row.try_get::<Option<String>, _>(place).map(|value| value.map(Value::Text)),
        Kind::Integer => row.try_get::<Option<i64>, _>(place).map(|value| value.map(Value::Integer)),
        Kind::Boolean => row.try_get::<Option<bool>, _>(place).map(|value| value.map(Value::Boolean)),
        Kind::Bytes => row.try_get::<Option<Vec<u8>>, _>(place).map(|value| value.map(Value::Bytes)),
    };
    let values = table.columns.iter().map(|column| column.kind).enumerate().map(value);
    let values: sqlx::Result<Row> = values.map(|value| Ok(value?.unwrap_or(Value::Null))).collect();
    values.map_err(Error::from)
}
