//! The network of containers: a bridge on which they do not see each other, and past which they reach neither metadata services nor, where there
//! is a list, anything that is not on it.
//!
//! The engine offers no way to say so. A rule of routing does it, in the host's own network: what comes from this bridge and goes to such an address
//! is refused. A short container with that one capability sets it, so that it works wherever the engine is.

use super::{Docker, Image, container::told, wall::RUNNER};
use crate::supervise::spec::boot_milliseconds;
use bollard::{
    errors::Error,
    models::{ContainerCreateBody, HostConfig, NetworkCreateRequest},
    query_parameters::ListNetworksOptionsBuilder,
};
use std::{collections::HashMap, time::Duration};
use tokio::time::Instant;

/// Where clouds tell secrets to whoever asks.
const METADATA: [&str; 4] = ["169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200"];
/// How long a guard that was seen is believed to stand.
const BELIEVED: Duration = Duration::from_secs(120);
/// Label of a network: the name of its bridge.
const BRIDGE: &str = "terrane.bridge";
/// The guard's rules, in this order: what may be reached at all, what may not.
const GUARD: &str = "ip route add prohibit default table 233 2>/dev/null; bridge=$1; shift
for rule; do
  said=$(ip rule add iif \"$bridge\" $rule 2>&1) || case $said in *exists*) ;; *) echo \"$said\"; exit 1 ;; esac
done; echo guarded";

impl Docker {
    /// The network that a container joins, ready and guarded. What was seen of it is believed for a short time: the rules are gone when the
    /// engine's host was started again, and the network when somebody tidied up, and nothing tells of either.
    pub(super) async fn network(&self, image: &Image) -> Result<String, String> {
        let mut guarded = self.guarded.lock().await;
        if let Some((network, seen)) = &*guarded
            && seen.elapsed() < BELIEVED
        {
            return Ok(network.clone());
        }
        *guarded = None;
        let guard = match &self.options.guard_image {
            Some(guard) => Some(guard.clone()),
            // One that a workspace chose gets no right in the host's network.
            None if image.chosen => self.own_image().await,
            None => Some(image.id.clone()),
        };
        let missing = "no image is here that may close the metadata addresses: name one with --container-guard-image";
        let network = self.guard(&guard.ok_or_else(|| missing.to_owned())?).await?;
        *guarded = Some((network.clone(), Instant::now()));
        Ok(network)
    }

    /// What was seen of this network is believed no more: no container could be started on it.
    pub(super) async fn doubt(&self, network: &str) {
        self.guarded.lock().await.take_if(|(doubted, _)| doubted == network);
    }

    async fn guard(&self, image: &str) -> Result<String, String> {
        let (network, bridge) =
            self.bridge().await.map_err(|error| format!("the network cannot be made: {}", told(&error)))?;
        let refused = format!("the metadata addresses cannot be closed with the image {image}");
        let said = self.set(image, &bridge).await.map_err(|error| format!("{refused}: {}", told(&error)))?;
        if said.trim() == "guarded" {
            return Ok(network);
        }
        Err(format!(
            "{refused}, which needs an ip command: {}; name one that has it with --container-guard-image, or choose another --container-network",
            said.trim()
        ))
    }

    /// The network and its bridge, made where there is none. Its name holds what is let through: two runners with two lists have two bridges.
    async fn bridge(&self) -> Result<(String, String), Error> {
        let list = self.options.egress.join(",");
        let name = if list.is_empty() { "terrane".to_owned() } else { format!("terrane-{}", short(&list)) };
        if let Some(network) = self.oldest(&name).await? {
            return Ok(network);
        }
        // Engines name bridges as they like, and not each of them says how.
        let bridge = format!("tn-{}", short(&format!("{} {name} {}", self.runner, boot_milliseconds())));
        let options = [("com.docker.network.bridge.enable_icc", "false"), ("com.docker.network.bridge.name", &*bridge)];
        let labels = [("terrane.network", "runs"), (BRIDGE, &*bridge)];
        let owned = |pairs: [(&str, &str); 2]| pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let request = NetworkCreateRequest {
            name: name.clone(),
            driver: Some("bridge".to_owned()),
            options: Some(owned(options)),
            labels: Some(owned(labels)),
            ..NetworkCreateRequest::default()
        };
        // An engine makes two of one name when two runners ask at once: all of them take the one that was first.
        let made = self.api.create_network(request).await;
        match (self.oldest(&name).await?, made) {
            (Some(oldest), Ok(made)) => {
                if made.id != oldest.0
                    && let Err(error) = self.api.remove_network(&made.id).await
                {
                    tracing::warn!(%error, "a network that is not needed stays");
                }
                Ok(oldest)
            }
            (Some(oldest), Err(_)) => Ok(oldest),
            (None, made) => made.map(|made| (made.id, bridge)),
        }
    }

    /// The first network of a name, and its bridge.
    async fn oldest(&self, name: &str) -> Result<Option<(String, String)>, Error> {
        let filters = HashMap::from([("name", vec![name])]);
        let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
        let all = self.api.list_networks(Some(options)).await?;
        let named = all.into_iter().filter(|network| network.name.as_deref() == Some(name));
        let oldest = named.min_by_key(|network| (network.created.clone(), network.id.clone()));
        Ok(oldest.and_then(|network| {
            let (id, labels) = (network.id?, network.labels.unwrap_or_default());
            // One without the label was made by an earlier version of ours, on an engine that names bridges so.
            let bridge = labels.get(BRIDGE).cloned().unwrap_or_else(|| format!("br-{}", id.get(..12).unwrap_or(&id)));
            Some((id, bridge))
        }))
    }

    /// Sets the rules by a container that may do nothing else.
    async fn set(&self, image: &str, bridge: &str) -> Result<String, Error> {
        let mut rules: Vec<_> = METADATA.iter().map(|address| format!("to {address} table 233 pref 233")).collect();
        if !self.options.egress.is_empty() {
            rules.extend(self.options.egress.iter().map(|block| format!("to {block} table main pref 234")));
            rules.push("table 233 pref 235".to_owned());
        }
        let mut command = ["sh", "-c", GUARD, "guard", bridge].map(str::to_owned).to_vec();
        command.extend(rules);
        let body = ContainerCreateBody {
            image: Some(image.to_owned()),
            entrypoint: Some(command),
            cmd: Some(Vec::new()),
            user: Some("0:0".to_owned()),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            labels: Some(HashMap::from([(RUNNER.to_owned(), self.runner.clone())])),
            host_config: Some(HostConfig {
                network_mode: Some("host".to_owned()),
                readonly_rootfs: Some(true),
                cap_drop: Some(vec!["ALL".to_owned()]),
                cap_add: Some(vec!["NET_ADMIN".to_owned()]),
                security_opt: Some(vec!["no-new-privileges".to_owned()]),
                ..HostConfig::default()
            }),
            ..ContainerCreateBody::default()
        };
        Ok(String::from_utf8_lossy(&self.say(body).await?).into_owned())
    }
}

fn short(text: &str) -> String {
    hex::encode(&ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref()[..4])
}
