//! A whole database, out of either engine and into either.

use crate::base::{Fresh, configured, on_both, person, sealed, sqlite, version, world};
use futures::TryStreamExt as _;
use std::path::PathBuf;
use store::{
    Error, MigrationError, Store, blob, configuration,
    copy::{Load, LoadError, Place, Row, Snapshot, Table, Value},
    search, state, user,
};

on_both! { into_sqlite  into_postgres  one_moment  only_some  not_over_others  not_of_another_shape  attached }

async fn furnish(store: &Fresh) -> crate::base::World {
    let world = world(store).await;
    store
        .write(async |mut tx| {
            for n in 1..=57 {
                blob::insert(&mut tx, &sealed(&world, n)).await?;
                let id = sealed(&world, n).id.to_string();
                state::insert(&mut tx, &state::StateVersion { blob_id: Some(id), ..version(&world, n) }).await?;
            }
            // What finds things comes along, and what is not indexed yet stays due.
            let resource = state::Resource {
                address: "a.b[\"ü\"]".into(),
                kind: "a".into(),
                module: String::new(),
                provider: "p".into(),
                hash: vec![1],
                attributes: "id=ü\n".into(),
            };
            state::open_resources(&mut tx, &version(&world, 1), 1, &[(&resource, 0)]).await?;
            let due = search::list_due(&mut tx, "", 1).await?.remove(0);
            search::insert_words(&mut tx, &due, 0, &["a.b", "id=ü", "ü"]).await?;
            configuration::insert(&mut tx, &configured(&world, 1)).await
        })
        .await
        .unwrap();
    world
}

async fn all(snapshot: &mut Snapshot) -> Vec<(Table, Vec<Row>)> {
    let mut all = Vec::new();
    for table in snapshot.tables().await.unwrap() {
        let mut rows: Vec<Row> = snapshot.rows(&table).try_collect().await.unwrap();
        rows.sort_by_key(|row| format!("{row:?}"));
        all.push((table, rows));
    }
    all.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    all
}

async fn copied(from: &Fresh, place: &Place) -> Store {
    let mut snapshot = from.snapshot().await.unwrap();
    let shape = snapshot.shape().await.unwrap();
    let mut load = Load::begin(place, &shape).await.unwrap();
    for table in load.tables().to_vec() {
        let rows: Vec<Row> = snapshot.rows(&table).try_collect().await.unwrap();
        load.insert(&table, &rows).await.unwrap();
    }
    load.finish().await.unwrap();
    match place {
        Place::Sqlite(path) => Store::sqlite(path).await.unwrap(),
        Place::Postgres(url) => Store::postgres(url).await.unwrap(),
    }
}

async fn is_the_same(from: &Fresh, copy: &Store) {
    let due = copy.look(async |mut tx| search::list_due(&mut tx, "", 9).await).await.unwrap();
    let organization = &due[0].organization_id;
    let run = domain::search::Query::read("ü").unwrap().runs().remove(0);
    let places = copy
        .look(async |mut tx| search::list_places(&mut tx, organization, &run, &search::Place::first(&run), 9).await)
        .await
        .unwrap();
    assert_eq!((due.len(), places.len()), (1, 1), "what was found is found, what was due is due");
    let (old, new) = (all(&mut from.snapshot().await.unwrap()).await, all(&mut copy.snapshot().await.unwrap()).await);
    let rows: usize = old.iter().map(|(_, rows)| rows.len()).sum();
    assert!(rows > 110, "there is something to compare: {rows}");
    assert!(old.len() > 35, "every table is among them: {}", old.len());
    assert_eq!(old, new);
}

async fn into_sqlite(fresh: &Fresh) {
    furnish(fresh).await;
    let folder = tempfile::tempdir().unwrap();
    let copy = copied(fresh, &Place::Sqlite(folder.path().join("copy.db"))).await;
    is_the_same(fresh, &copy).await;
}

async fn into_postgres(fresh: &Fresh) {
    furnish(fresh).await;
    let Some(url) = crate::base::postgres_url().await else { return };
    let copy = copied(fresh, &Place::Postgres(url)).await;
    is_the_same(fresh, &copy).await;
}

async fn one_moment(fresh: &Fresh) {
    furnish(fresh).await;
    let mut snapshot = fresh.snapshot().await.unwrap();
    fresh.write(async |mut tx| user::insert(&mut tx, &person(77), None).await).await.unwrap();
    let tables = snapshot.tables().await.unwrap();
    let users = tables.iter().find(|table| table.name == "users").unwrap();
    let seen: Vec<Row> = snapshot.rows(users).try_collect().await.unwrap();
    let now: Vec<Row> = fresh.snapshot().await.unwrap().rows(users).try_collect().await.unwrap();
    assert_eq!(seen.len() + 1, now.len(), "what comes later is not seen");
}

async fn only_some(fresh: &Fresh) {
    let world = furnish(fresh).await;
    let mut snapshot = fresh.snapshot().await.unwrap();
    let blobs = snapshot.tables().await.unwrap().into_iter().find(|table| table.name == "blobs").unwrap();
    let (one, two) = (sealed(&world, 5).id, sealed(&world, 6).id);
    let wanted = [one.as_str(), "blob-absent", two.as_str()];
    let rows: Vec<Row> = snapshot.rows_of(&blobs, "id", &wanted).try_collect().await.unwrap();
    let place = blobs.place("id").unwrap();
    let mut ids: Vec<_> = rows.iter().map(|row| row[place].clone()).collect();
    ids.sort_by_key(|id| format!("{id:?}"));
    let mut expected = vec![Value::Text(one.to_string()), Value::Text(two.to_string())];
    expected.sort_by_key(|id| format!("{id:?}"));
    assert_eq!(ids, expected);
}

async fn not_over_others(fresh: &Fresh) {
    furnish(fresh).await;
    let shape = fresh.snapshot().await.unwrap().shape().await.unwrap();
    let place = place(fresh);
    let Err(refused) = Load::begin(&place, &shape).await else { panic!("it would overwrite") };
    assert!(matches!(refused, LoadError::NotEmpty { organizations: 1, users: 1 }), "{refused}");
    let before = all(&mut fresh.snapshot().await.unwrap()).await;
    // A site where nothing was done yet is empty; what breaks off leaves nothing of itself.
    let other = sqlite().await;
    let path = PathBuf::from(&other.place);
    let mut load = Load::begin(&Place::Sqlite(path.clone()), &shape).await.unwrap();
    let tables = load.tables().to_vec();
    let (users, rows) = before.iter().find(|(table, _)| table.name == "users").unwrap();
    load.insert(users, rows).await.unwrap();
    drop(load);
    let mut empty = Store::sqlite(&path).await.unwrap().snapshot().await.unwrap();
    let users: Vec<Row> =
        empty.rows(&tables[tables.iter().position(|t| t.name == "users").unwrap()]).try_collect().await.unwrap();
    assert!(users.is_empty());
}

fn place(fresh: &Fresh) -> Place {
    match &fresh.store {
        Store::Sqlite { .. } => Place::Sqlite(PathBuf::from(&fresh.place)),
        Store::Postgres(_) => Place::Postgres(fresh.place.clone()),
    }
}

async fn not_of_another_shape(fresh: &Fresh) {
    let shape = fresh.snapshot().await.unwrap().shape().await.unwrap();
    let newer = [shape.clone(), vec![9999]].concat();
    let Err(refused) = Load::begin(&place(fresh), &newer).await else { panic!("nobody knows 9999") };
    assert!(matches!(&refused, LoadError::Newer(unknown) if *unknown == [9999]), "{refused}");
    let Err(refused) = Load::begin(&place(fresh), &shape[..2]).await else { panic!("the database knows more") };
    assert!(matches!(&refused, LoadError::Later(later) if *later == shape[2..]), "{refused}");
}

/// Rows of an earlier shape get the later migrations too.
#[tokio::test]
async fn an_earlier_shape_is_brought_up() {
    let fresh = sqlite().await;
    let shape = fresh.snapshot().await.unwrap().shape().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let load = Load::begin(&Place::Sqlite(path.clone()), &shape[..3]).await.unwrap();
    assert!(load.tables().iter().all(|table| table.name != "test_runs"));
    load.finish().await.unwrap();
    let store = Store::attach_sqlite(&path).await.unwrap();
    assert_eq!(store.snapshot().await.unwrap().shape().await.unwrap(), shape);
}

async fn attached(fresh: &Fresh) {
    async fn attach(fresh: &Fresh) -> Result<Store, MigrationError> {
        match &fresh.store {
            Store::Sqlite { .. } => Store::attach_sqlite(fresh.place.as_ref()).await,
            Store::Postgres(_) => Store::attach_postgres(&fresh.place).await,
        }
    }
    let world = world(fresh).await;
    let beside = attach(fresh).await.unwrap();
    let found = beside.look(async |mut tx| user::find(&mut tx, &world.user.id).await).await.unwrap();
    assert!(found.is_some());
    fresh
        .write(async |mut tx| {
            tx.query("DELETE FROM _sqlx_migrations WHERE version = $1").bind(70i64).run().await?;
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
    assert!(matches!(attach(fresh).await, Err(MigrationError::Older(70))));
    let absent = Store::attach_sqlite("/nonexistent/terrane.db".as_ref()).await;
    assert!(absent.is_err(), "nothing is made where nothing is");
}
