//! Root keys: another server's rotation, a site from before there were any, a master key that moves, is wrong, or does not answer.

use crate::town::{Town, on_both};
use app::{Error, keys};
use domain::{hook::Point, id::WorkspaceId};
use futures::{
    FutureExt as _,
    future::{BoxFuture, join_all, ready},
};
use secrets::{Context, DataKey, KeyService, Keyring, LocalMaster, MasterKey, Place, RootKey, WrappedKey};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use store::root_key;

on_both! {
    another_server_learns_of_a_rotation
    what_a_slow_server_wraps_is_found
    a_key_that_does_not_open_stops_no_rotation
    a_site_from_before_goes_on
    a_master_key_moves
    a_master_key_moves_with_what_is_retired
    a_retired_root_key_that_does_not_open_is_told
    a_rotation_meets_a_move
    a_service_that_fails_is_told
    a_service_that_fails_is_asked_once
}

async fn say(app: &app::App, town: &Town, script: &str) {
    let ada = town.caller("owner").await;
    app.put_hook(&ada, "acme", Point::PrePlan, script.to_owned().into()).await.unwrap();
}

async fn hear(app: &app::App, town: &Town) -> String {
    use secrecy::ExposeSecret as _;
    let ada = town.caller("owner").await;
    let hooks = app.list_hooks(&ada, "acme").await.unwrap();
    hooks[0].script.expose_secret().to_owned()
}

async fn another_server_learns_of_a_rotation(town: &Town) {
    let (here, there) = (&town.app, town.another_server().await);
    say(here, town, "echo before").await;
    assert_eq!(hear(&there, town).await, "echo before");
    let first = here.rotate_root_key().await.unwrap();
    assert!(first.begun && first.moved > 0 && (first.left, first.broken) == (0, 0), "{first:?}");
    // What that one never heard of is met, learned, and used from then on.
    say(here, town, "echo after").await;
    assert_eq!(hear(&there, town).await, "echo after");
    say(&there, town, "echo there").await;
    let second = here.rotate_root_key().await.unwrap();
    assert!(second.begun && second.left == 0 && second.root != first.root, "{second:?}");
    assert_eq!(hear(&there, town).await, "echo there");
    // The next rotation can be theirs.
    let third = there.rotate_root_key().await.unwrap();
    assert!(third.begun && third.left == 0, "{third:?}");
    assert_eq!(hear(here, town).await, "echo there");
    let status = here.key_status().await.unwrap();
    assert!(status.trouble.is_none() && !status.is_rotating(), "{status:?}");
    assert_eq!(status.roots.iter().filter(|root| root.stage == "retired").count(), 3, "{status:?}");
    let current = status.roots.iter().find(|root| root.purpose == "data" && root.stage == "current").unwrap();
    assert!(current.id == third.root && current.wraps > 0);
}

async fn what_a_slow_server_wraps_is_found(town: &Town) {
    let (here, there) = (&town.app, town.another_server().await);
    say(here, town, "echo before").await;
    let rotation = here.rotate_root_key().await.unwrap();
    assert_eq!((rotation.left, here.key_status().await.unwrap().is_rotating()), (0, false));
    // That one has heard of nothing, and the root key that it wraps with is retired.
    say(&there, town, "echo late").await;
    let late =
        async || here.key_status().await.unwrap().roots.iter().any(|root| root.stage == "retired" && root.wraps == 1);
    assert!(late().await);
    assert_eq!(hear(here, town).await, "echo late");
    assert_eq!(here.tend_root_keys().await.unwrap(), 1);
    assert!(!late().await);
    assert_eq!(here.tend_root_keys().await.unwrap(), 0);
    assert_eq!(hear(&there, town).await, "echo late");
}

async fn a_key_that_does_not_open_stops_no_rotation(town: &Town) {
    say(&town.app, town, "echo before").await;
    let spoil = async |mut tx: store::Tx| {
        let (mut wrapped,): (Vec<u8>,) = tx.query("SELECT wrapped FROM hooks").optional().await?.unwrap();
        *wrapped.last_mut().unwrap() ^= 1;
        tx.query("UPDATE hooks SET wrapped = $1").bind(wrapped).run().await
    };
    town.app.store.write(spoil).await.unwrap();
    for _ in 0..2 {
        let rotation = town.app.rotate_root_key().await.unwrap();
        assert!(rotation.begun && (rotation.left, rotation.broken) == (1, 1), "{rotation:?}");
    }
    let status = town.app.key_status().await.unwrap();
    let former = status.roots.iter().find(|root| root.stage == "former").unwrap();
    assert_eq!(former.wraps, 1, "a root key that wraps something is not retired");
}

fn master(byte: u8) -> Arc<dyn KeyService> {
    Arc::new(LocalMaster::new(MasterKey::from_bytes(&[byte; 32]), format!("key {byte}")))
}

async fn open(town: &Town, current: Arc<dyn KeyService>, old: Option<Arc<dyn KeyService>>) -> app::Result<keys::Keys> {
    keys::open(&town.app.store, &keys::Masters { current, old }, town.app.now()).await
}

/// Makes the database what it was before there were root keys: a data key wrapped by the master key itself.
async fn forget(town: &Town, byte: u8, said: bool) -> String {
    let first = RootKey::from(&MasterKey::from_bytes(&[byte; 32]));
    let id = first.id().to_owned();
    let workspace: &WorkspaceId = &town.workspace;
    let place = Context { table: "data_keys", id: workspace.as_str(), organization: "" };
    let wrapped = Keyring::new(Arc::new(first), vec![]).wrap(&DataKey::generate().unwrap(), &place).unwrap().to_bytes();
    town.app
        .store
        .write(async |mut tx| {
            tx.query("DELETE FROM root_keys").run().await?;
            tx.query("DELETE FROM sites").run().await?;
            if said {
                store::site::insert(&mut tx, &id, town.app.now()).await?;
            }
            tx.query("UPDATE data_keys SET wrapped = $1").bind(wrapped.as_slice()).run().await
        })
        .await
        .unwrap();
    id
}

async fn rows(town: &Town) -> Vec<root_key::RootKey> {
    town.app.store.look(async |mut tx| root_key::list(&mut tx).await).await.unwrap()
}

async fn a_site_from_before_goes_on(town: &Town) {
    // One that says what it is called, and an older one that does not.
    for said in [true, false] {
        let id = forget(town, 1, said).await;
        assert_eq!(keys::wanted(&town.app.store).await.unwrap(), [id.as_str()]);
        assert!(!keys::is_new(&town.app.store).await.unwrap());
        let Err(Error::Conflict(refused)) = open(town, master(2), None).await else { panic!("it opens") };
        assert!(refused.contains(&format!("sealed with the master key {id}")), "{refused}");
        assert!(rows(town).await.is_empty());
        // Several at once.
        let opened = join_all((0..4).map(|_| open(town, master(1), None))).await;
        assert!(opened.iter().all(Result::is_ok), "{opened:?}");
        let made = rows(town).await;
        let seen: Vec<_> =
            made.iter().map(|row| (row.purpose.as_str(), row.id.as_str(), row.master.as_str())).collect();
        assert_eq!(seen, [("data", id.as_str(), id.as_str()), ("tokens", &id, &id)]);
        assert_eq!(app::site::id(&town.app.store).await.unwrap(), Some(id));
    }
    // One that moves with the same start.
    let id = forget(town, 1, true).await;
    open(town, master(2), Some(master(1))).await.unwrap();
    assert!(rows(town).await.iter().all(|row| row.id == id && row.master != id));
}

async fn a_master_key_moves(town: &Town) {
    // The town's own is 7.
    let before = rows(town).await;
    let moved = join_all((0..4).map(|_| open(town, master(8), Some(master(7))))).await;
    assert!(moved.iter().all(Result::is_ok), "{moved:?}");
    let after = rows(town).await;
    assert!(before.iter().zip(&after).all(|(before, after)| before.id == after.id && before.master != after.master));
    open(town, master(8), None).await.unwrap();
    open(town, master(8), Some(master(7))).await.unwrap();
    assert_eq!(rows(town).await, after, "nothing is wrapped again that is wrapped already");
    let Err(Error::Conflict(refused)) = open(town, master(7), None).await else { panic!("it opens") };
    let workspaces = async |mut tx: store::Tx| tx.query("SELECT count(*) FROM data_keys").count().await;
    let workspaces = town.app.store.look(workspaces).await.unwrap();
    let all = format!("the states of 0 of {workspaces} workspaces can be read, and those of {workspaces} not");
    assert!(
        refused.contains(&after[0].master) && refused.contains("key 7 does not open it") && refused.contains(&all),
        "{refused}"
    );
    // A server that has not started with the new one yet goes on working, but makes no root key that others could not open.
    let Err(Error::Conflict(refused)) = town.app.rotate_root_key().await else { panic!("it rotates") };
    assert!(refused.contains("have moved to the master key"), "{refused}");
    say(&town.app, town, "echo still").await;
    assert_eq!(hear(&town.app, town).await, "echo still");
    // A move that was cut off between two root keys: what opens is counted.
    let spoil = async |mut tx: store::Tx| {
        tx.query("UPDATE root_keys SET master = 'nobody' WHERE purpose = 'tokens'").run().await
    };
    town.app.store.write(spoil).await.unwrap();
    let Err(Error::Conflict(refused)) = open(town, master(8), None).await else { panic!("it opens") };
    let all = format!("the states of {workspaces} of {workspaces} workspaces can be read, and those of 0 not");
    assert!(refused.contains(&all), "{refused}");
}

fn masters(current: Arc<dyn KeyService>, old: Option<Arc<dyn KeyService>>) -> keys::Masters {
    keys::Masters { current, old }
}

const PASSPHRASE: &str = "correct horse battery";

/// Rotated, moved there and back, and the first master key is gone: what a slow server wraps meanwhile still opens.
async fn a_master_key_moves_with_what_is_retired(town: &Town) {
    let slow = town.another_server().await;
    say(&town.app, town, "echo before").await;
    let rotation = town.app.rotate_root_key().await.unwrap();
    assert_eq!(rotation.left, 0);
    let there = town.server_with(masters(master(8), Some(master(7)))).await;
    // With the root key that is retired, and that was wrapped by the master key which is left.
    say(&slow, town, "echo late").await;
    let back = town.server_with(masters(master(9), Some(master(8)))).await;
    drop(there);
    assert!(rows(town).await.iter().all(|row| row.master == rows_by(9)), "{:?}", rows(town).await);
    let fresh = town.server_with(masters(master(9), None)).await;
    assert_eq!(hear(&fresh, town).await, "echo late");
    // However late it is.
    town.clock.pass(100 * 24 * 3600);
    assert_eq!(back.tend_root_keys().await.unwrap(), 1);
    assert_eq!(hear(&fresh, town).await, "echo late");
    let escrowed = fresh.escrow_root_keys(PASSPHRASE.into()).await.unwrap();
    let mut all: Vec<String> = rows(town).await.into_iter().map(|row| row.id).collect();
    all.sort();
    assert_eq!((escrowed.roots.clone(), escrowed.missing.len()), (all, 0));
    assert!(rows(town).await.iter().all(|row| row.escrowed_at.is_none()), "nobody has kept it yet");
    fresh.note_escrow(&escrowed.roots).await.unwrap();
    assert!(rows(town).await.iter().all(|row| row.escrowed_at.is_some()));
    assert!(fresh.key_status().await.unwrap().roots.iter().all(|root| root.opens));
}

/// What a local master key is called in the table.
fn rows_by(byte: u8) -> String {
    MasterKey::from_bytes(&[byte; 32]).id().to_owned()
}

async fn a_retired_root_key_that_does_not_open_is_told(town: &Town) {
    let slow = town.another_server().await;
    say(&town.app, town, "echo before").await;
    town.app.rotate_root_key().await.unwrap();
    let lose = async |mut tx: store::Tx| {
        tx.query("UPDATE root_keys SET master = 'nobody' WHERE stage = 'retired'").run().await
    };
    town.app.store.write(lose).await.unwrap();
    // Nothing is wrapped by it: only an escrow lacks it.
    open(town, master(8), Some(master(7))).await.unwrap();
    let here = town.server_with(masters(master(8), None)).await;
    let retired = rows(town).await.into_iter().find(|row| row.stage == "retired").unwrap().id;
    let escrowed = here.escrow_root_keys(PASSPHRASE.into()).await.unwrap();
    assert_eq!(escrowed.missing, [(retired.clone(), 0)]);
    assert_eq!(here.key_status().await.unwrap().roots.iter().filter(|root| !root.opens).count(), 1);
    // Something is.
    say(&slow, town, "echo late").await;
    let before = rows(town).await;
    let Err(Error::Conflict(refused)) = open(town, master(9), Some(master(8))).await else { panic!("it moves") };
    assert!(refused.contains(&format!("{retired} is retired and still wraps 1 data keys")), "{refused}");
    assert_eq!(rows(town).await, before);
    open(town, master(8), None).await.unwrap();
    // It is counted, and stops nobody.
    let rotation = here.rotate_root_key().await.unwrap();
    assert!(rotation.begun && (rotation.left, rotation.broken) == (1, 1), "{rotation:?}");
}

/// A master key that is left while it wraps.
#[derive(Debug)]
struct Left {
    store: store::Store,
    to: Arc<dyn KeyService>,
    now: domain::time::Time,
}

impl KeyService for Left {
    fn name(&self) -> String {
        "the key that is left".to_owned()
    }
    fn wrap<'a>(&'a self, root: &'a RootKey, site: &'a str) -> BoxFuture<'a, secrets::Result<WrappedKey>> {
        async move {
            let masters = masters(self.to.clone(), Some(master(7)));
            keys::open(&self.store, &masters, self.now).await.unwrap();
            master(7).wrap(root, site).await
        }
        .boxed()
    }
    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, place: Place<'a>) -> BoxFuture<'a, secrets::Result<RootKey>> {
        async move { master(7).unwrap(wrapped, place).await }.boxed()
    }
}

async fn a_rotation_meets_a_move(town: &Town) {
    let left = Left { store: town.app.store.clone(), to: master(8), now: town.app.now() };
    let here = town.server_with(masters(Arc::new(left), None)).await;
    let Err(Error::Conflict(refused)) = here.rotate_root_key().await else { panic!("it rotates") };
    assert!(refused.contains("have moved to the master key"), "{refused}");
    assert!(rows(town).await.iter().all(|row| row.master == rows_by(8)));
}

/// A master key that answers as long as it is told to.
#[derive(Debug, Default)]
struct Counted {
    away: AtomicBool,
    asked: AtomicU64,
}

impl KeyService for Counted {
    fn name(&self) -> String {
        "the counted key".to_owned()
    }
    fn wrap<'a>(&'a self, root: &'a RootKey, site: &'a str) -> BoxFuture<'a, secrets::Result<WrappedKey>> {
        async move { master(7).wrap(root, site).await }.boxed()
    }
    fn unwrap<'a>(&'a self, wrapped: &'a WrappedKey, place: Place<'a>) -> BoxFuture<'a, secrets::Result<RootKey>> {
        async move {
            self.asked.fetch_add(1, Ordering::Relaxed);
            if self.away.load(Ordering::Relaxed) {
                return Err(away("unwrapping"));
            }
            master(7).unwrap(wrapped, place).await
        }
        .boxed()
    }
}

async fn a_service_that_fails_is_asked_once(town: &Town) {
    let service = Arc::new(Counted::default());
    let there = town.server_with(masters(service.clone(), None)).await;
    say(&town.app, town, "echo before").await;
    town.app.rotate_root_key().await.unwrap();
    say(&town.app, town, "echo after").await;
    service.away.store(true, Ordering::Relaxed);
    service.asked.store(0, Ordering::Relaxed);
    let ada = town.caller("owner").await;
    let answers = join_all((0..8).map(|_| there.list_hooks(&ada, "acme"))).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(Error::Unavailable(_)))), "{answers:?}");
    assert_eq!(service.asked.load(Ordering::Relaxed), 1);
    service.away.store(false, Ordering::Relaxed);
    town.clock.pass(6);
    assert_eq!(hear(&there, town).await, "echo after");
}

/// A service that does what it should not.
#[derive(Debug, Clone, Copy)]
enum Bad {
    Away,
    Another,
    /// It may wrap, and not unwrap.
    Halfway,
}

impl KeyService for Bad {
    fn name(&self) -> String {
        "the bad service".to_owned()
    }
    fn wrap<'a>(&'a self, _: &'a RootKey, _: &'a str) -> BoxFuture<'a, secrets::Result<WrappedKey>> {
        match self {
            Self::Halfway => {
                ready(WrappedKey::new("halfway".to_owned(), vec![1; 60]).ok_or(secrets::Error::Format)).boxed()
            }
            _ => ready(Err(away("wrapping"))).boxed(),
        }
    }
    fn unwrap<'a>(&'a self, _: &'a WrappedKey, _: Place<'a>) -> BoxFuture<'a, secrets::Result<RootKey>> {
        let answer = match self {
            Self::Away | Self::Halfway => Err(away("unwrapping")),
            Self::Another => RootKey::generate(),
        };
        ready(answer).boxed()
    }
}

fn away(doing: &'static str) -> secrets::Error {
    secrets::Error::Service { service: "the bad service".to_owned(), doing, problem: "nobody is there".to_owned() }
}

async fn a_service_that_fails_is_told(town: &Town) {
    let before = rows(town).await;
    let Err(Error::Unavailable(refused)) = open(town, Arc::new(Bad::Away), None).await else { panic!("it opens") };
    assert!(refused.contains("nobody is there") && refused.contains("Nothing is lost"), "{refused}");
    let Err(Error::Conflict(refused)) = open(town, Arc::new(Bad::Another), None).await else { panic!("it opens") };
    assert!(refused.contains("gave back another key"), "{refused}");
    // Nor does a move begin that could not end.
    assert!(open(town, Arc::new(Bad::Another), Some(master(7))).await.is_err());
    let Err(Error::Unavailable(refused)) = open(town, Arc::new(Bad::Halfway), Some(master(7))).await else {
        panic!("it moves to a service that only wraps")
    };
    assert!(refused.contains("does not wrap a root key and unwrap it again"), "{refused}");
    assert_eq!(rows(town).await, before);
    open(town, master(7), None).await.unwrap();
}
