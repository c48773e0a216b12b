//! What all servers on one database agree on.

use crate::base::{Fresh, NOW, on_both, world};
use store::site;

on_both! { the_first_word_stands }

async fn the_first_word_stands(store: &Fresh) {
    let _world = world(store).await;
    let said = store
        .write(async |mut tx| {
            assert_eq!(site::find(&mut tx).await?, None);
            assert_eq!(site::find_oldest_key(&mut tx).await?.as_deref(), Some(&b"wrapped"[..]));
            site::insert(&mut tx, "first", NOW).await?;
            site::insert(&mut tx, "second", NOW).await?;
            assert_eq!(site::find_sweeps(&mut tx).await?, 0);
            site::count_sweep(&mut tx).await?;
            assert_eq!(site::find_sweeps(&mut tx).await?, 1);
            site::find(&mut tx).await
        })
        .await
        .unwrap();
    assert_eq!(said.as_deref(), Some("first"));
}
