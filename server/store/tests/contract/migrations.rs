//! Opening: again is nothing new, a newer database and a changed one are refused.

use crate::base::{Fresh, on_both, world};
use store::{MigrationError, Store};

on_both! { again  newer  changed  foreign_rows }

async fn open(fresh: &Fresh) -> Result<Store, MigrationError> {
    match &fresh.store {
        Store::Sqlite { .. } => Store::sqlite(fresh.place.as_ref()).await,
        Store::Postgres(_) => Store::postgres(&fresh.place).await,
    }
}

async fn again(fresh: &Fresh) {
    let world = world(fresh).await;
    let second = open(fresh).await.unwrap();
    let found = second.look(async |mut tx| store::user::find(&mut tx, &world.user.id).await).await.unwrap();
    assert!(found.is_some());
    second.ping().await.unwrap();
}

async fn newer(fresh: &Fresh) {
    const SQL: &str =
        "UPDATE _sqlx_migrations SET version = 9999 WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    fresh.write(async |mut tx| tx.query(SQL).run().await).await.unwrap();
    let refused = open(fresh).await.unwrap_err();
    assert!(matches!(refused, MigrationError::Newer(9999)), "{refused:?}");
    assert!(refused.to_string().contains("newer Terrane"), "{refused}");
}

async fn changed(fresh: &Fresh) {
    fresh
        .write(async |mut tx| {
            tx.query("UPDATE _sqlx_migrations SET checksum = $1 WHERE version = 1").bind(vec![0u8; 48]).run().await
        })
        .await
        .unwrap();
    let refused = open(fresh).await.unwrap_err();
    assert!(matches!(refused, MigrationError::Different(1)), "{refused:?}");
}

/// No row of one tenant points at another's.
async fn foreign_rows(fresh: &Fresh) {
    let world = world(fresh).await;
    let mut stray = crate::base::sealed(&world, 1);
    stray.organization_id = domain::id::OrganizationId::new(&[9; 32]);
    let refused = fresh.write(async |mut tx| store::blob::insert(&mut tx, &stray).await).await.unwrap_err();
    let store::Error::Database(error) = &refused else { panic!("{refused:?}") };
    assert!(error.as_database_error().unwrap().is_foreign_key_violation());
}
