//! Which tables a database has, asked of itself.

use super::{Column, Kind, Table};
use crate::{Error, Result};
use sqlx::{PgConnection, SqliteConnection};
use std::collections::{BTreeMap, BTreeSet};

/// A column of a table: names of both, and of its type.
type Described = (String, String, String);
/// That one table's rows point at another's.
type Points = (String, String);

/// The tables of a SQLite file, each after those that its rows point at. What a search index keeps for itself is none of them.
pub(super) async fn sqlite(conn: &mut SqliteConnection) -> Result<Vec<Table>> {
    let columns = sqlx::query_as(
        "SELECT t.name, c.name, c.type FROM pragma_table_list t JOIN pragma_table_info(t.name) c
         WHERE t.schema = 'main' AND t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name <> '_sqlx_migrations' ORDER BY t.name, c.name",
    );
    let columns: Vec<Described> = columns.fetch_all(&mut *conn).await?;
    let points = sqlx::query_as(
        r#"SELECT DISTINCT t.name, f."table" FROM pragma_table_list t JOIN pragma_foreign_key_list(t.name) f WHERE t.schema = 'main'"#,
    );
    in_order(columns, &points.fetch_all(&mut *conn).await?)
}

/// The same of a Postgres database.
pub(super) async fn postgres(conn: &mut PgConnection) -> Result<Vec<Table>> {
    let columns = sqlx::query_as(
        "SELECT c.table_name::text, c.column_name::text, c.data_type::text FROM information_schema.columns c
         JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
         WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE' AND c.table_name <> '_sqlx_migrations'
         ORDER BY c.table_name COLLATE \"C\", c.column_name COLLATE \"C\"",
    );
    let columns: Vec<Described> = columns.fetch_all(&mut *conn).await?;
    let points = sqlx::query_as(
        "SELECT DISTINCT f.relname::text, t.relname::text FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid
         JOIN pg_class t ON t.oid = c.confrelid JOIN pg_namespace n ON n.oid = c.connamespace
         WHERE c.contype = 'f' AND n.nspname = current_schema()",
    );
    in_order(columns, &points.fetch_all(&mut *conn).await?)
}

fn in_order(columns: Vec<Described>, points: &[Points]) -> Result<Vec<Table>> {
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for (table, name, kind) in columns {
        let unknown = || {
            Error::Shape(format!("column {name} of table {table} has the type {kind}, which this build does not copy"))
        };
        let kind = Kind::named(&kind).ok_or_else(unknown)?;
        tables.entry(table).or_default().push(Column { name, kind });
    }
    let mut done = BTreeSet::new();
    let mut ordered = Vec::with_capacity(tables.len());
    while !tables.is_empty() {
        let waits = |name: &str| points.iter().any(|(from, to)| from == name && to != name && !done.contains(to));
        let Some(name) = tables.keys().find(|name| !waits(name)).cloned() else {
            let left: Vec<&String> = tables.keys().collect();
            return Err(Error::Shape(format!("the tables {left:?} point at each other in a circle")));
        };
        if let Some(columns) = tables.remove(&name) {
            ordered.push(Table { name: name.clone(), columns });
        }
        done.insert(name);
    }
    Ok(ordered)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(table: &str) -> Described {
        (table.to_owned(), "id".to_owned(), "text".to_owned())
    }

    #[test]
    fn what_is_pointed_at_comes_first() {
        let points = [("a", "b"), ("b", "c"), ("c", "c")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        let tables = in_order(vec![column("a"), column("b"), column("c")], &points).unwrap();
        assert_eq!(tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
    }

    #[test]
    fn circles_and_unknown_types_are_refused() {
        let circle = [("a", "b"), ("b", "a")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert!(in_order(vec![column("a"), column("b")], &circle).is_err());
        let odd = ("a".to_owned(), "at".to_owned(), "timestamp with time zone".to_owned());
        assert!(in_order(vec![odd], &[]).unwrap_err().to_string().contains("column at of table a"));
    }
}
