//! What must hold between the rows of a database, read past the server.

use sqlx::{Connection as _, PgConnection, SqliteConnection};
use terrane_tests::Server;

/// Each counts rows that must not be.
const QUERIES: [(&str, &str); 5] = [
    (
        "blobs that nothing points at",
        "SELECT COUNT(*) FROM blobs b WHERE NOT EXISTS (SELECT 1 FROM state_versions s WHERE s.blob_id = b.id OR s.json_blob_id = b.id) \
         AND NOT EXISTS (SELECT 1 FROM configuration_versions c WHERE c.blob_id = b.id) \
         AND NOT EXISTS (SELECT 1 FROM artifacts a WHERE a.blob_id = b.id) \
         AND NOT EXISTS (SELECT 1 FROM blobs d WHERE d.base_blob_id = b.id)",
    ),
    (
        "finished versions without bytes",
        "SELECT COUNT(*) FROM state_versions WHERE status = 'finalized' AND blob_id IS NULL AND purged_at IS NULL",
    ),
    (
        "workspaces with gaps in their versions",
        "SELECT COUNT(*) FROM workspaces w WHERE w.state_sequence <> (SELECT COUNT(s.sequence) FROM state_versions s WHERE s.workspace_id = w.id)",
    ),
    (
        "organizations that count their workspaces wrongly",
        "SELECT COUNT(*) FROM organizations o WHERE o.workspace_count <> (SELECT COUNT(*) FROM workspaces w \
         WHERE w.organization_id = o.id AND w.deleted_at IS NULL AND w.module_id IS NULL)",
    ),
    (
        "workspaces whose current version is not the last one",
        "SELECT COUNT(*) FROM workspaces w JOIN state_versions s ON s.id = w.current_state_id WHERE s.sequence <> w.state_sequence",
    ),
];

/// What does not hold, with how many rows show it.
pub(crate) fn wrong(server: &Server, postgres: Option<&str>) -> Vec<(&'static str, u64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut wrong = Vec::new();
        for (what, query) in QUERIES {
            let count: i64 = match postgres {
                None => {
                    let file = format!("sqlite://{}", server.data().join("terrane.db").display());
                    let mut connection = SqliteConnection::connect(&file).await.expect("the database's file");
                    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap_or_else(|e| panic!("{what}: {e}"))
                }
                Some(url) => {
                    let mut connection = PgConnection::connect(url).await.expect("the database");
                    sqlx::query_scalar(query).fetch_one(&mut connection).await.unwrap_or_else(|e| panic!("{what}: {e}"))
                }
            };
            if count > 0 {
                wrong.push((what, u64::try_from(count).expect("a count")));
            }
        }
        wrong
    })
}
