//! The index of the search.

use crate::base::{Fresh, World, append, on_both, version, workspace, world};
use domain::search::{OWN_SHELF, Query, Run};
use store::{Error, search, state, workspace as ws};

on_both! { deleted_ones  words_lie_in_the_order_of_their_bytes  instances_of_a_shelf  what_is_due  what_was_never_read  forgetting  instances_with_their_states }

fn run(text: &str) -> Run {
    Query::read(text).unwrap().runs().remove(0)
}

fn instance(address: &str, attributes: &str) -> state::Resource {
    state::Resource {
        address: address.into(),
        kind: "t".into(),
        module: String::new(),
        provider: "p".into(),
        hash: vec![1; 16],
        attributes: attributes.into(),
    }
}

async fn due(store: &Fresh) -> search::Due {
    let all = store.look(async |mut tx| search::list_due(&mut tx, "", 10).await).await.unwrap();
    all.into_iter().next().unwrap()
}

async fn words_lie_in_the_order_of_their_bytes(store: &Fresh) {
    let World { organization, .. } = world(store).await;
    let due = due(store).await;
    let words = ["web", "we-1", "we_1", "wé", "w", "weB".to_lowercase().as_str(), "x", "1"].map(str::to_owned);
    let many: Vec<String> = (0..250).map(|n| format!("many{n}")).collect();
    store
        .write(async |mut tx| {
            for shelf in [3, OWN_SHELF] {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                search::insert_words(&mut tx, &due, shelf, &words).await?;
                search::insert_words(&mut tx, &due, shelf, &words[..2]).await?;
            }
            let many: Vec<&str> = many.iter().map(String::as_str).collect();
            search::insert_words(&mut tx, &due, 0, &many).await?;
            let places =
                search::list_places(&mut tx, &organization.id, &run("we"), &search::Place::first(&run("we")), 100)
                    .await?;
            let found: Vec<(String, i64)> =
                places.iter().map(|place| (String::from_utf8(place.word.clone()).unwrap(), place.shelf)).collect();
            let expected =
                ["we-1", "we_1", "web"].into_iter().flat_map(|word| [(word.to_owned(), -1), (word.to_owned(), 3)]);
            assert_eq!(found, expected.collect::<Vec<_>>());
            let rest = search::list_places(&mut tx, &organization.id, &run("we"), &places[3], 2).await?;
            assert_eq!(rest, places[3..5]);
            for (text, most, count) in [("w", 100, 10), ("many", 100, 100), ("many", 1000, 250), ("none", 100, 0)] {
                assert_eq!(search::count_places(&mut tx, &organization.id, &run(text), most).await?, count, "{text}");
            }
            let other = domain::id::OrganizationId::new(&[9; 32]);
            assert!(
                search::list_places(&mut tx, &other, &run("w"), &search::Place::first(&run("w")), 100)
                    .await?
                    .is_empty()
            );
            search::delete_words(&mut tx, &due, 0, &many).await?;
            search::delete_words(&mut tx, &due, 3, &["web"]).await?;
            assert_eq!(search::count_places(&mut tx, &organization.id, &run("many"), 9).await?, 0);
            assert_eq!(search::count_places(&mut tx, &organization.id, &run("web"), 9).await?, 1);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn instances_of_a_shelf(store: &Fresh) {
    let world = world(store).await;
    let (id, one) = (&world.workspace.id, version(&world, 1));
    let all = ["a", "b", "c", "d"].map(|address| instance(address, "id=1\n"));
    let due = due(store).await;
    store
        .write(async |mut tx| {
            let rows: Vec<_> = all.iter().zip([0, 1, 0, 0]).collect();
            state::open_resources(&mut tx, &one, 1, &rows).await?;
            state::close_resources(&mut tx, id, 2, &["d"]).await?;
            let at = |found: Vec<search::Instance>| found.into_iter().map(|one| one.address).collect::<Vec<_>>();
            assert_eq!(at(search::list_instances(&mut tx, id, Some(0), "", 9).await?), ["a", "c"]);
            assert_eq!(at(search::list_instances(&mut tx, id, Some(0), "a", 9).await?), ["c"]);
            assert_eq!(at(search::list_instances(&mut tx, id, None, "a", 1).await?), ["b"]);
            assert_eq!(at(search::list_holding(&mut tx, id, None, "", &["id=1"], 9).await?), ["a", "b", "c"]);
            assert_eq!(at(search::list_holding(&mut tx, id, Some(0), "a", &["id=1"], 9).await?), ["c"]);
            assert!(at(search::list_holding(&mut tx, id, None, "", &["i%1"], 9).await?).is_empty());
            assert_eq!(at(search::list_holding(&mut tx, id, None, "", &["id=1", "c"], 9).await?), ["c"]);
            let odd = [instance("K\u{212a}", ""), instance("n_m", "NAME=X_\n")];
            let rows: Vec<_> = odd.iter().map(|one| (one, 5)).collect();
            state::open_resources(&mut tx, &one, 1, &rows).await?;
            assert_eq!(
                at(search::list_holding(&mut tx, id, Some(5), "", &["kk"], 9).await?),
                ["K\u{212a}"],
                "who knows"
            );
            assert_eq!(
                at(search::list_holding(&mut tx, id, Some(5), "", &["name=x_"], 9).await?),
                ["K\u{212a}", "n_m"]
            );
            assert_eq!(at(search::list_holding(&mut tx, id, Some(5), "", &["ü"], 9).await?).len(), 2);
            let shelves = [(id.as_str(), 0), (id.as_str(), 5), (id.as_str(), 7), ("ws-of-nobody", 1)];
            let found = search::list_holding_on(&mut tx, &shelves, &["n"], 9).await?;
            let found: Vec<_> = found.iter().map(|one| (one.shelf, one.instance.address.as_str())).collect();
            assert_eq!(found, [(5, "K\u{212a}"), (5, "n_m")], "and what ended is not there");
            assert_eq!(search::list_holding_on(&mut tx, &shelves[..1], &[], 9).await?.len(), 2);
            assert_eq!(search::list_holding_on(&mut tx, &shelves, &[], 3).await?.len(), 3);
            assert!(search::list_holding_on(&mut tx, &[], &["n"], 9).await?.is_empty());
            state::close_resources(&mut tx, id, 1, &["K\u{212a}", "n_m"]).await?;
            assert_eq!(search::count_instances(&mut tx, id, 9).await?, 3);
            assert_eq!(search::count_instances(&mut tx, id, 2).await?, 2);
            // What has ended may have words, whenever it began: until it is passed.
            let later = search::Due { indexed_sequence: 1, ..due.clone() };
            assert_eq!(search::list_changed_shelves(&mut tx, &due).await?, [0, 1, 5]);
            assert_eq!(search::list_changed_shelves(&mut tx, &later).await?, [0, 5]);
            let ended = search::list_ended(&mut tx, id, 5, 9).await?;
            assert_eq!(search::list_ended(&mut tx, id, 5, 1).await?.len(), 1);
            let last = &ended[0];
            assert_eq!(search::pass_ended(&mut tx, id, 5, (&last.address, last.from_sequence)).await?, 1);
            assert_eq!(at(search::list_ended(&mut tx, id, 5, 9).await?), [ended[1].address.as_str()]);
            assert_eq!(at(search::list_ended(&mut tx, id, 0, 9).await?), ["d"]);
            assert!(search::list_ended(&mut tx, id, 1, 9).await?.is_empty());
            assert_eq!(search::pass_ended(&mut tx, id, 0, ("zz", 9)).await?, 1);
            assert_eq!(
                search::list_instances(&mut tx, id, Some(0), "", 9).await?[0].attributes.as_deref(),
                Some("id=1\n")
            );
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn what_is_due(store: &Fresh) {
    let world = world(store).await;
    let first = due(store).await;
    assert_eq!((first.name.as_str(), first.indexed_sequence, first.state_sequence), ("workspace-1", -1, 0));
    let settled = async || {
        let due = due(store).await;
        store.write(async |mut tx| search::settle(&mut tx, &due).await).await.unwrap();
        store.look(async |mut tx| search::list_due(&mut tx, "", 10).await).await.unwrap().is_empty()
    };
    assert!(settled().await);
    let mut renamed = world.workspace.clone();
    renamed.name = "other".into();
    store.write(async |mut tx| ws::update(&mut tx, &renamed, crate::base::NOW).await).await.unwrap();
    assert_eq!(due(store).await.name, "other");
    // What was saved since it was read is due still.
    store.write(async |mut tx| search::settle(&mut tx, &first).await).await.unwrap();
    assert_eq!(due(store).await.name, "other");
    assert!(settled().await);
    let one = version(&world, 1);
    store.write(async |mut tx| append(&mut tx, &world, &one).await).await.unwrap();
    let found = store.look(async |mut tx| state::find(&mut tx, &one.id).await).await.unwrap();
    assert!(!found.unwrap().indexed);
    assert_eq!((due(store).await.indexed_sequence, due(store).await.state_sequence), (0, 1));
    assert!(settled().await);
    let found = store.look(async |mut tx| state::find(&mut tx, &one.id).await).await.unwrap();
    assert!(found.unwrap().indexed);
    let more = store.look(async |mut tx| search::list_due(&mut tx, "zz", 10).await).await.unwrap();
    assert!(more.is_empty());
}

async fn deleted_ones(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let first = due(store).await;
    store
        .write(async |mut tx| {
            search::insert_words(&mut tx, &first, OWN_SHELF, &["a", "b"]).await?;
            search::insert_words(&mut tx, &first, 0, &["c"]).await?;
            let mut own = search::list_own_words(&mut tx, id).await?;
            own.sort();
            assert_eq!(own, [b"a", b"b"]);
            search::settle(&mut tx, &first).await?;
            assert!(search::list_due(&mut tx, "", 10).await?.is_empty());
            search::begin_withdrawal(&mut tx, id).await?;
            assert!(search::list_due(&mut tx, "", 10).await?.is_empty(), "it is not deleted");
            ws::delete(&mut tx, id, crate::base::NOW).await?;
            let due = search::list_due(&mut tx, "", 10).await?.remove(0);
            assert!(due.deleted && due.indexed_sequence == 0);
            search::begin_withdrawal(&mut tx, id).await?;
            let held = search::hold_due(&mut tx, id).await?.unwrap();
            assert_eq!(Some(&held), search::find_due(&mut tx, id).await?.as_ref());
            assert_eq!(held.indexed_sequence, -1, "taken back now, it is indexed anew");
            search::settle(&mut tx, &held).await?;
            assert!(search::list_due(&mut tx, "", 10).await?.is_empty());
            ws::undelete(&mut tx, &world.workspace, crate::base::NOW).await?;
            let due = search::list_due(&mut tx, "", 10).await?.remove(0);
            assert!(!due.deleted && due.indexed_sequence == -2);
            let module = "INSERT INTO registry_modules (id, organization_id, name, provider, created_at) VALUES ('mod-1', $1, 'a', 'b', 0)";
            tx.query(module).bind(world.organization.id.as_str()).run().await?;
            tx.query("UPDATE workspaces SET module_id = 'mod-1' WHERE id = $1").bind(id.as_str()).run().await?;
            assert!(search::list_due(&mut tx, "", 10).await?.is_empty(), "that of a module's tests is never due");
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn what_was_never_read(store: &Fresh) {
    let world = world(store).await;
    let (id, one) = (&world.workspace.id, version(&world, 1));
    let known = instance("a", "id=1\n");
    store
        .write(async |mut tx| {
            state::open_resources(&mut tx, &one, 1, &[(&known, 0)]).await?;
            assert!(search::list_unread(&mut tx, id).await?.is_empty());
            let last = search::forget_attributes(&mut tx, None, 10).await?.unwrap();
            assert_eq!((last.address.as_str(), last.from_sequence), ("a", 1));
            assert_eq!(search::forget_attributes(&mut tx, Some(&last), 10).await?, None);
            assert_eq!(search::list_unread(&mut tx, id).await?, [("a".to_owned(), vec![1; 16])]);
            let other = state::Resource { hash: vec![2; 16], ..known.clone() };
            search::set_attributes(&mut tx, id, 7, &other).await?;
            assert_eq!(search::list_unread(&mut tx, id).await?.len(), 1, "it is another one by now");
            search::set_attributes(&mut tx, id, 7, &known).await?;
            let found = search::list_instances(&mut tx, id, Some(7), "", 9).await?;
            assert_eq!(found[0].attributes.as_deref(), Some("id=1\n"));
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn forgetting(store: &Fresh) {
    let world = world(store).await;
    let second = workspace(&world.organization, &world.project, 2);
    let first = due(store).await;
    store
        .write(async |mut tx| {
            store::site::insert(&mut tx, "site", crate::base::NOW).await?;
            assert_eq!(search::find_attributes_setting(&mut tx).await?, None);
            search::set_attributes_setting(&mut tx, false).await?;
            assert_eq!(search::find_attributes_setting(&mut tx).await?, Some(false));
            ws::insert(&mut tx, &second, b"k").await?;
            search::insert_words(&mut tx, &first, 0, &["a", "b", "c"]).await?;
            assert_eq!(search::forget_words(&mut tx, 2).await?, 2);
            assert_eq!(search::forget_words(&mut tx, 2).await?, 1);
            assert_eq!(search::forget_words(&mut tx, 2).await?, 0);
            for due in search::list_due(&mut tx, "", 10).await? {
                search::settle(&mut tx, &due).await?;
            }
            assert!(search::list_due(&mut tx, "", 10).await?.is_empty());
            let last = search::forget_indexed(&mut tx, "", 1).await?.unwrap();
            assert_eq!(search::list_due(&mut tx, "", 10).await?.len(), 1);
            let last = search::forget_indexed(&mut tx, &last, 1).await?.unwrap();
            assert_eq!(search::forget_indexed(&mut tx, &last, 1).await?, None);
            assert_eq!(search::list_due(&mut tx, "", 10).await?.len(), 2);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}

async fn instances_with_their_states(store: &Fresh) {
    let world = world(store).await;
    let id = &world.workspace.id;
    let (one, two) = (version(&world, 1), version(&world, 2));
    let (a, b) = (instance("a", ""), instance("b", ""));
    store
        .write(async |mut tx| {
            state::insert(&mut tx, &one).await?;
            state::insert(&mut tx, &two).await?;
            state::open_resources(&mut tx, &one, 1, &[(&a, 0), (&b, 0)]).await?;
            state::close_resources(&mut tx, id, 2, &["a"]).await?;
            state::open_resources(&mut tx, &two, 2, &[(&a, 0)]).await?;
            let listed = search::list_with_states(&mut tx, id, None, 10, 0).await?;
            let moments: Vec<_> =
                listed.iter().map(|one| (one.instance.address.as_str(), one.first_at, one.modified_at)).collect();
            let [first, second] = [&one, &two].map(|version| Some(version.created_at.micros()));
            assert_eq!(moments, [("a", first, second), ("b", first, first)]);
            assert_eq!(listed[0].modified_by.as_deref(), Some(two.id.as_str()));
            assert_eq!(search::list_with_states(&mut tx, id, None, 10, 1).await?.len(), 1);
            let only = search::list_with_states(&mut tx, id, Some("b"), 10, 0).await?;
            assert_eq!(only.iter().map(|one| one.instance.address.as_str()).collect::<Vec<_>>(), ["b"]);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
}
