//! One fetch for everybody who wants the same thing at the same time, and the same answer for all of them.

use crate::error::{Error, Result};
use futures::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

type Flight<T> = Shared<BoxFuture<'static, Result<T>>>;

/// What is on its way.
pub struct Flights<T: Clone>(Mutex<HashMap<String, Flight<T>>>);

impl<T: Clone> Default for Flights<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone + Send + Sync + 'static> Flights<T> {
    /// Waits for what is on its way under this name, or for `fetch`, which goes on when nobody waits any more: the next one will want it.
    pub async fn join(
        self: &Arc<Self>,
        name: &str,
        fetch: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        let flight = {
            let mut all = self.lock();
            match all.get(name) {
                Some(flight) => flight.clone(),
                None => {
                    let landing = Landing { flights: Arc::clone(self), name: name.to_owned() };
                    let task = tokio::spawn(async move {
                        let _landing = landing;
                        fetch.await
                    });
                    let broken = |error| Err(Error::Io(format!("a fetch broke off: {error}")));
                    let flight = async move { task.await.unwrap_or_else(broken) }.boxed().shared();
                    all.insert(name.to_owned(), flight.clone());
                    flight
                }
            }
        };
        flight.await
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Flight<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes a flight off the list however it ends.
struct Landing<T: Clone + Send + Sync + 'static> {
    flights: Arc<Flights<T>>,
    name: String,
}

impl<T: Clone + Send + Sync + 'static> Drop for Landing<T> {
    fn drop(&mut self) {
        self.flights.lock().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use tokio::sync::Semaphore;

    #[tokio::test]
    async fn many_wait_for_one_fetch_and_the_next_is_another() {
        let (flights, fetched) = (Arc::new(Flights::default()), Arc::new(AtomicU32::new(0)));
        let gate = Arc::new(Semaphore::new(0));
        let fetch = || {
            let (fetched, gate) = (Arc::clone(&fetched), Arc::clone(&gate));
            async move {
                let _pass = gate.acquire().await;
                Ok(fetched.fetch_add(1, Ordering::Relaxed))
            }
        };
        let all = futures::future::join_all((0..20).map(|_| flights.join("it", fetch())));
        gate.add_permits(1);
        assert!(all.await.into_iter().all(|answer| answer.unwrap() == 0));
        assert_eq!(flights.join("it", fetch()).await.unwrap(), 1);
        assert!(flights.lock().is_empty());
    }

    #[tokio::test]
    async fn a_fetch_that_panics_is_an_error_and_leaves_nothing_behind() {
        let flights = Arc::new(Flights::<u32>::default());
        let failed = flights.join("it", async { panic!("broken on purpose") }).await;
        assert!(matches!(failed, Err(Error::Io(_))), "{failed:?}");
        assert_eq!(flights.join("it", async { Ok(7) }).await.unwrap(), 7);
    }
}
