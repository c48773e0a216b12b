//! `terrane serve`: takes the data directory, opens the doors, and closes them in the opposite order.

use crate::{
    admin, clock,
    config::Loaded,
    instance::Lock,
    lifecycle::{self, Patience, Shutdown},
    logging,
    tls::{self, Certificate},
    wiring::House,
};
use anyhow::Context;
use std::{sync::Arc, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
};
use url::Url;

/// How often the certificate is looked at.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(24 * 3_600);

/// Who is told that the server is ready, and where.
pub type Ready = oneshot::Sender<(House, Url)>;

/// Runs the server until it is asked to stop by a signal.
pub async fn serve(loaded: Loaded, ready: Option<Ready>) -> anyhow::Result<()> {
    let Loaded { config, warnings, .. } = loaded;
    logging::install(&config.log)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let shutdown = Shutdown::new();
    shutdown.follow_signals().context("cannot follow signals")?;
    // From here on SIGHUP no longer ends the process, with or without a certificate to read again.
    let hangup = signal(SignalKind::hangup()).context("cannot follow signals")?;
    let lock = Lock::create(&config.server.data)?;
    let operators = admin::bind(&lock)
        .with_context(|| format!("cannot make the admin socket in {}", config.server.data.display()))?;
    let address = config.server.listen;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another address with --listen"))?;
    let bound = listener.local_addr()?;
    let url = config.server.public_url(bound);

    let certificate = tls::certificate(&config.server, bound, clock::system)?;
    let tls = certificate.clone().map(tls::server_config).transpose()?;
    let house = House::build(&config, &url, &shutdown).await?;

    let handler = house.clone();
    let operators =
        tokio::spawn(operators.serve(move |request| handler.clone().administer(request), shutdown.wanted().clone()));
    keep_fresh(certificate, hangup, &shutdown);
    tracing::info!(%url, address = %bound, data = %config.server.data.display(), "ready");
    if let Some(ready) = ready {
        // Whoever wanted to know may have gone.
        drop(ready.send((house.clone(), url)));
    }
    let router = logging::requests(house.router.clone());
    let cut = lifecycle::serve(listener, tls, router, Patience::default(), &shutdown).await;
    if cut > 0 {
        tracing::warn!(connections = cut, "cut off connections that did not end in time");
    }
    operators.await?;
    house.close().await;
    tracing::info!("stopped");
    drop(lock);
    Ok(())
}

/// Reads the certificate again on SIGHUP, and once a day, so that a server that is never restarted has a good one too.
fn keep_fresh(certificate: Option<Arc<Certificate>>, mut hangup: Signal, shutdown: &Shutdown) {
    let stop = shutdown.wanted().clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = hangup.recv() => tracing::info!("SIGHUP: reading the certificate again"),
                () = tokio::time::sleep(CERTIFICATE_CHECK) => {}
            }
            let Some(certificate) = certificate.clone() else { continue };
            match tokio::task::spawn_blocking(move || certificate.reload()).await {
                Ok(Ok(())) => tracing::debug!("certificate read"),
                Ok(Err(error)) => tracing::error!(%error, "the certificate was not replaced"),
                Err(error) => tracing::error!(%error, "the certificate was not replaced"),
            }
        }
    });
}
