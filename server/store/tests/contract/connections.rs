//! Connections to Postgres that nobody needed for a while.

use crate::base::postgres;
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::{sync::mpsc, time::Duration};
use store::Error;
use tokio::{runtime::Builder, time};

/// Many times what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// In a thread of its own: a store that waits for itself would stop the test with it.
#[test]
fn those_that_lay_idle_for_long_are_replaced() {
    let (done, ended) = mpsc::channel();
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let Some(fresh) = postgres().await else { return };
            let look = async || {
                let one: Result<Option<(i64,)>, Error> =
                    fresh.look(async |mut tx| tx.query("SELECT CAST(1 AS BIGINT)").optional().await).await;
                assert_eq!(one.unwrap(), Some((1,)));
            };
            look().await;
            time::pause();
            time::advance(Duration::from_secs(3_600)).await;
            time::resume();
            look().await;
        });
        done.send(()).unwrap();
    });
    ended.recv_timeout(PATIENCE).expect("an answer after an idle hour");
}

#[tokio::test]
async fn a_look_goes_on_where_every_connection_has_died() {
    let Some(fresh) = postgres().await else { return };
    let one = async || -> Result<Option<(i64,)>, Error> {
        fresh.look(async |mut tx| tx.query("SELECT CAST(1 AS BIGINT)").optional().await).await
    };
    // One within the other: there are two.
    let two: Result<_, Error> = fresh
        .look(async |mut tx| {
            one().await?;
            tx.query("SELECT CAST(2 AS BIGINT)").optional::<(i64,)>().await
        })
        .await;
    assert_eq!(two.unwrap(), Some((2,)));
    let mut admin = PgConnection::connect(&fresh.place).await.unwrap();
    let ended = admin
        .execute("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
        .await
        .unwrap();
    assert_eq!(ended.rows_affected(), 2);
    assert_eq!(one().await.unwrap(), Some((1,)));
}
