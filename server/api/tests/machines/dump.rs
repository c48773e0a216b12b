//! Everything that a town on SQLite keeps, as text: two dumps are equal exactly when nothing changed between them.

use crate::town::Town;
use sqlx::{Connection as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions};
use std::{collections::BTreeSet, path::Path};

/// A row of a table, or a file of the object store, each on a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Dump(BTreeSet<String>);

impl Dump {
    /// `None` on Postgres.
    pub(crate) async fn of(town: &Town) -> Option<Self> {
        let file = town.folder.path().join("terrane.db");
        if !file.exists() {
            return None;
        }
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        let mut lines = BTreeSet::new();
        for table in tables(&mut conn).await {
            let columns = columns(&mut conn, &table).await;
            let quoted: Vec<String> = columns.iter().map(|column| format!("quote(\"{column}\")")).collect();
            let text = format!("SELECT {} AS line FROM \"{table}\"", quoted.join(" || ' ' || "));
            let rows = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_all(&mut conn).await.unwrap();
            // Rows that are alike in every column are told apart by their number.
            for (number, row) in rows.iter().enumerate() {
                let line = row.get::<String, _>("line");
                if !lines.insert(format!("{table}: {line}")) {
                    lines.insert(format!("{table}: {line} ({number})"));
                }
            }
        }
        conn.close().await.unwrap();
        objects(&town.folder.path().join("objects"), &mut lines);
        Some(Self(lines))
    }

    /// Each row and object.
    pub(crate) fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// What is in one of the two only.
    pub(crate) fn difference(&self, later: &Self) -> Vec<String> {
        let gone = self.0.difference(&later.0).map(|line| format!("- {line}"));
        gone.chain(later.0.difference(&self.0).map(|line| format!("+ {line}"))).collect()
    }
}

/// The tables of the town, without SQLite's own.
pub(crate) async fn tables(conn: &mut SqliteConnection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_sqlx%' ORDER BY 1";
    sqlx::query(sql).fetch_all(conn).await.unwrap().iter().map(|row| row.get(0)).collect()
}

async fn columns(conn: &mut SqliteConnection, table: &str) -> Vec<String> {
    let rows = sqlx::query("SELECT name FROM pragma_table_info($1)").bind(table).fetch_all(conn).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn objects(folder: &Path, lines: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            objects(&path, lines);
        } else {
            lines.insert(format!("object {}", path.display()));
        }
    }
}

#[tokio::test]
async fn a_dump_sees_one_changed_word() {
    let town = Town::build(crate::town::Engine::Sqlite).await.unwrap();
    let before = Dump::of(&town).await.unwrap();
    assert_eq!(before, Dump::of(&town).await.unwrap());
    let body = r#"{"data":{"attributes":{"description":"new"}}}"#;
    let answer = town.ask("owner", "PATCH", "/api/v2/organizations/acme/workspaces/web", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let changes = before.difference(&Dump::of(&town).await.unwrap());
    assert!(changes.len() == 2 && changes.iter().all(|line| line[2..].starts_with("workspaces: ")), "{changes:#?}");
}
