//! Root keys, and the rows whose keys they wrap.

use crate::base::{Fresh, NOW, on_both, world};
use domain::id::SshKeyId;
use std::{fs, path::Path};
use store::{
    Error, hook, identity, root_key, ssh_key,
    wrapped::{self, Row, Table},
};

on_both! { root_keys  rows_of_every_table }

fn root(purpose: &str, id: &str, stage: &str, seconds: i64) -> root_key::RootKey {
    root_key::RootKey {
        purpose: purpose.into(),
        id: id.into(),
        stage: stage.into(),
        master: "a-master".into(),
        sealed: vec![0, 255],
        created_at: NOW.plus_seconds(seconds),
        retired_at: None,
        escrowed_at: None,
    }
}

async fn root_keys(store: &Fresh) {
    let (tokens, data) = (root(root_key::TOKENS, "one", "current", 0), root(root_key::DATA, "one", "current", 0));
    let next = root(root_key::DATA, "two", "current", 1);
    store
        .write(async |mut tx| {
            root_key::insert(&mut tx, &tokens).await?;
            root_key::insert(&mut tx, &data).await
        })
        .await
        .unwrap();
    let taken = store.write(async |mut tx| root_key::insert(&mut tx, &next).await).await.unwrap_err();
    assert!(taken.is_taken("root_keys"), "{taken:?}");
    let later = NOW.plus_seconds(60);
    store
        .write(async |mut tx| {
            assert_eq!(root_key::retire(&mut tx, "one", later).await?, 0, "it is current");
            root_key::replace(&mut tx, "one").await?;
            root_key::insert(&mut tx, &next).await?;
            assert_eq!(root_key::list(&mut tx).await?.iter().filter(|row| row.is_live()).count(), 3);
            assert_eq!(root_key::retire(&mut tx, "one", later).await?, 1);
            assert_eq!(root_key::rewrap(&mut tx, &tokens, "another", b"again").await?, 1);
            assert_eq!(root_key::rewrap(&mut tx, &tokens, "another", b"late").await?, 0, "somebody else was faster");
            root_key::mark_escrowed(&mut tx, "two", later).await
        })
        .await
        .unwrap();
    let found = store.look(async |mut tx| root_key::list(&mut tx).await).await.unwrap();
    let (then, seen) =
        (Some(later.micros()), |row: &root_key::RootKey| (row.stage.clone(), row.retired_at, row.escrowed_at));
    assert_eq!(
        (found[0].clone(), seen(&found[0])),
        (root_key::RootKey { escrowed_at: then, ..next }, ("current".into(), None, then))
    );
    assert_eq!((found[1].purpose.as_str(), seen(&found[1])), (root_key::DATA, ("retired".into(), then, None)));
    assert!(!found[1].is_live());
    let again = root_key::RootKey { master: "another".into(), sealed: b"again".to_vec(), ..tokens };
    assert_eq!(found[2], again);
    let lost = store.write(async |mut tx| root_key::replace(&mut tx, "one").await).await.unwrap_err();
    assert!(matches!(lost, Error::Contended(_)), "{lost:?}");
}

async fn rows_of_every_table(store: &Fresh) {
    const OLD: &[u8] = b"\x01\x03old";
    const NEW: &[u8] = b"\x01\x03new";
    let world = world(store).await;
    let organization = &world.organization.id;
    let key = |root: &[u8], rest: u8| [root, &[rest]].concat();
    store
        .write(async |mut tx| {
            tx.query("UPDATE data_keys SET wrapped = $1").bind(key(OLD, 0)).run().await?;
            for (n, point) in ["post-plan", "pre-plan"].into_iter().enumerate() {
                let (wrapped, updated_at) = (key(OLD, u8::try_from(n).unwrap_or_default()), NOW);
                let hook = hook::Hook { point: point.into(), wrapped, sealed: vec![], updated_at };
                hook::put(&mut tx, organization, &hook).await?;
            }
            let identity = identity::Key {
                id: "a-key".into(),
                stage: "current".into(),
                modulus: "n".into(),
                exponent: "e".into(),
                wrapped: key(OLD, 2),
                sealed: vec![],
                created_at: NOW,
                used_at: None,
                retired_at: None,
            };
            identity::insert(&mut tx, &identity).await?;
            let ssh = ssh_key::SshKey {
                id: SshKeyId::new(&[1; 32]),
                organization_id: organization.clone(),
                organization_name: String::new(),
                name: "ssh".into(),
                wrapped: key(OLD, 3),
                sealed: vec![],
                created_at: NOW,
            };
            ssh_key::insert(&mut tx, &ssh).await?;
            // Whose file it is does not matter here.
            tx.query(
                "INSERT INTO registry_files (id, organization_id, kind, name, wrapped, size, created_at)
                 VALUES ('a-file', $1, 'archive', 'a.zip', $2, 0, 0)",
            )
            .bind(organization.as_str())
            .bind(key(OLD, 4))
            .run()
            .await
        })
        .await
        .unwrap();
    for table in Table::ALL {
        let rows = if table == Table::Hooks { 2 } else { 1 };
        store
            .write(async |mut tx| {
                assert_eq!(wrapped::count(&mut tx, table, OLD).await?, rows, "{table:?}");
                assert_eq!(wrapped::count(&mut tx, table, b"").await?, rows, "{table:?}");
                assert_eq!(wrapped::list_others(&mut tx, table, OLD, &Row::default(), 9).await?, []);
                let mut after = Row::default();
                for _ in 0..rows {
                    let mut found = wrapped::list_others(&mut tx, table, NEW, &after, 1).await?;
                    after = found.pop().unwrap();
                    assert!(
                        after.wrapped.starts_with(OLD)
                            && (table == Table::IdentityKeys) == after.organization_id.is_empty()
                    );
                    assert_eq!(wrapped::rewrap(&mut tx, table, &after, &key(NEW, 9)).await?, 1);
                    assert_eq!(wrapped::rewrap(&mut tx, table, &after, b"late").await?, 0, "it was changed meanwhile");
                }
                assert_eq!(wrapped::list_others(&mut tx, table, OLD, &after, 9).await?, [], "those behind it");
                assert_eq!(wrapped::count(&mut tx, table, NEW).await?, rows);
                assert_eq!(wrapped::count(&mut tx, table, OLD).await?, 0);
                Ok::<_, Error>(())
            })
            .await
            .unwrap();
    }
}

/// A table that is forgotten here would lose what is in it with the first rotation that retires its root key.
#[test]
fn every_wrapped_key_is_walked_through() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut holding = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let mut table = String::new();
        for line in text.lines() {
            let mut words = line.split_whitespace();
            match (words.next(), words.next(), words.next()) {
                (Some("CREATE" | "ALTER"), Some("TABLE"), Some(name)) => name.clone_into(&mut table),
                (Some(column), Some("BYTEA" | "BYTEA,"), _) if column.contains("wrapped") => {
                    holding.push(table.clone());
                }
                _ if line.contains("wrapped") && line.contains("ADD COLUMN") => holding.push(table.clone()),
                _ => {}
            }
        }
    }
    let mut walked = Table::ALL.map(|table| table.name().to_owned()).to_vec();
    walked.sort();
    holding.sort();
    assert_eq!(holding, walked, "name the table in store::wrapped, and its context in app::keys::rotate");
}
