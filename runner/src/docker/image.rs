//! Finds the image of an engine and a version, and pins it: what is executed is its digest, whatever the name means later.

use super::{Docker, Pull, WORK, container::told, credentials, wall::RUNNER};
use crate::{
    engines::{Executable, Failure, Wanted},
    supervise,
};
use bollard::{
    errors::Error,
    models::ImageInspect,
    query_parameters::{CreateImageOptionsBuilder, ListImagesOptionsBuilder},
};
use futures::TryStreamExt;
use protocol::{Engine, Job, Phase};
use semver::Version;
use std::{collections::HashMap, path::Path};

/// An image that this engine has.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Image {
    /// As it is named: `hashicorp/terraform:1.11.4`.
    pub(crate) reference: String,
    /// What the registry calls these very bytes; the engine's own id where no registry has them.
    pub(crate) digest: String,
    /// The engine's own id.
    pub(crate) id: String,
    /// Whether the workspace chose it and not the site.
    pub(crate) chosen: bool,
}

impl Image {
    /// What the server is told of it.
    pub(crate) fn told(&self) -> protocol::Image {
        protocol::Image { reference: self.reference.clone(), digest: self.digest.clone() }
    }
}

impl Docker {
    /// The engine that a job wants, in an image of it. What an image holds is asked once, and noted in `known`.
    pub(crate) async fn executable(&self, job: &Job, known: &Path) -> Result<Executable, Failure> {
        let template = match job.engine {
            Engine::Terraform => &self.options.terraform,
            Engine::Tofu => &self.options.tofu,
        };
        let Some(chosen) = &job.image else {
            return self.found(job.engine, &job.version, template, false, known).await;
        };
        let found = self.found(job.engine, &job.version, chosen, true, known).await?;
        if job.phase != Phase::Plan {
            return Ok(found);
        }
        // Whoever owns the image could have it show another plan to those who judge than the one that is applied.
        let judge = self.found(job.engine, &found.version.to_string(), template, false, known).await;
        let judge =
            judge.map_err(|failure| Failure::Judge { chosen: chosen.clone(), failure: Box::new(failure) })?.image;
        Ok(Executable { judge, ..found })
    }

    async fn found(
        &self,
        engine: Engine,
        version: &str,
        template: &str,
        chosen: bool,
        known: &Path,
    ) -> Result<Executable, Failure> {
        let wanted = Wanted::parse(version).ok_or_else(|| Failure::Wanted(version.to_owned()))?;
        let reference = match template.contains("{version}") {
            true => template.replace("{version}", &self.version(template, &wanted, version).await?.to_string()),
            false => template.to_owned(),
        };
        let image = self.pinned(&reference, chosen).await?;
        let note = format!(
            "image-{}-{}",
            engine.program(),
            hex::encode(ring::digest::digest(&ring::digest::SHA256, image.id.as_bytes()))
        );
        let found = match std::fs::read_to_string(known.join(&note)) {
            Ok(found) => found,
            Err(_) => {
                let reason = |reason| Failure::Image { reference: image.reference.clone(), reason };
                let found = match self.ask(engine, &image).await {
                    Ok(found) => found,
                    Err(said) => return Err(reason(self.foreign(&image).await.unwrap_or(said))),
                };
                supervise::write_bytes(known, &note, found.as_bytes(), false)
                    .map_err(|error| reason(error.to_string()))?;
                found
            }
        };
        match Version::parse(&found).ok().filter(|version| wanted.accepts(version)) {
            // No path of this machine: a name for these bytes, and the program's own name.
            Some(version) => {
                let path = Path::new("/").join(&image.id).join(engine.program());
                Ok(Executable { image: Some(image), ..Executable::at(version, path) })
            }
            None => Err(Failure::OtherVersion {
                image: image.reference,
                program: engine.program(),
                found,
                wanted: version.to_owned(),
            }),
        }
    }

    /// Asks an image which version it holds.
    async fn ask(&self, engine: Engine, image: &Image) -> Result<String, String> {
        #[derive(serde::Deserialize)]
        struct Told {
            terraform_version: Version,
        }
        let labels = HashMap::from([(RUNNER.to_owned(), self.runner.clone())]);
        let script = format!("CHECKPOINT_DISABLE=1 HOME={WORK} TMPDIR={WORK} exec {} version -json", engine.program());
        let mut body = self.body(&image.id, "none", labels);
        body.cmd = Some(vec![script]);
        let said = self.say(body).await.map_err(|error| told(&error))?;
        match serde_json::from_slice::<Told>(&said) {
            Ok(told) => Ok(told.terraform_version.to_string()),
            Err(_) => Err(format!(
                "it does not say which {} it holds, but {:?}",
                engine.program(),
                String::from_utf8_lossy(&said[..said.len().min(500)])
            )),
        }
    }

    /// What is wrong with an image that was made for another kind of machine. One that can be executed nevertheless never comes here.
    async fn foreign(&self, image: &Image) -> Option<String> {
        let made = self.api.inspect_image(&image.id).await.ok()?.architecture?;
        let engine = self.api.version().await.ok()?.arch?;
        let host = &self.options.host;
        (made != engine).then(|| format!("it is for {made}, and {host} executes {engine}"))
    }

    /// The version to take of a template. A constraint, or `latest`, means the newest of the images that are here.
    async fn version(&self, template: &str, parsed: &Wanted, wanted: &str) -> Result<Version, Failure> {
        if let Some(version) = parsed.exact() {
            return Ok(version.clone());
        }
        let mut here = self.versions(template).await.map_err(|error| self.failed(template, &error))?;
        here.sort();
        here.iter().rev().find(|version| parsed.accepts(version)).cloned().ok_or_else(|| Failure::NoImage {
            wanted: wanted.to_owned(),
            template: template.to_owned(),
            had: here.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })
    }

    /// An image of the site's own choice that is here: for what is done with more rights than any run has.
    pub(super) async fn own_image(&self) -> Option<String> {
        let newest = self.versions(&self.options.terraform).await.ok()?.into_iter().max()?;
        Some(self.options.terraform.replace("{version}", &newest.to_string()))
    }

    /// The image of this name, from a registry where the pull policy says so.
    async fn pinned(&self, reference: &str, chosen: bool) -> Result<Image, Failure> {
        let here = match self.api.inspect_image(reference).await {
            Ok(image) => Some(image),
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => None,
            Err(error) => return Err(self.failed(reference, &error)),
        };
        let image = match (here, self.options.pull) {
            (Some(image), Pull::Missing | Pull::Never) => image,
            (None, Pull::Never) => {
                return Err(Failure::Image {
                    reference: reference.to_owned(),
                    reason: format!("{} does not have it, and the pull policy is never", self.options.host),
                });
            }
            (None, Pull::Missing) | (_, Pull::Always) => {
                self.pull(reference).await.map_err(|error| self.failed(reference, &error))?;
                self.api.inspect_image(reference).await.map_err(|error| self.failed(reference, &error))?
            }
        };
        let refused = |reason: String| Failure::Image { reference: reference.to_owned(), reason };
        let volumes = image
            .config
            .as_ref()
            .and_then(|config| config.volumes.as_ref())
            .map(|volumes| volumes.join(", "))
            .unwrap_or_default();
        if chosen && !volumes.is_empty() {
            // The engine makes one for each container: room on its disk, without a limit.
            return Err(refused(format!(
                "it declares volumes ({volumes}), which a run could fill without a limit; build it without VOLUME"
            )));
        }
        pin(reference, image, chosen).ok_or_else(|| refused(format!("{} says nothing of its id", self.options.host)))
    }

    async fn pull(&self, reference: &str) -> Result<(), Error> {
        let (name, tag) = split(reference);
        let options = CreateImageOptionsBuilder::default().from_image(name).tag(tag).build();
        let credentials = self.options.credentials.as_deref().map(|path| credentials::of(path, name)).transpose();
        let credentials = credentials.map_err(|error| Error::IOError { err: error })?.flatten();
        let mut progress = self.api.create_image(Some(options), None, credentials);
        while progress.try_next().await?.is_some() {}
        Ok(())
    }

    /// Versions of which the engine has an image.
    async fn versions(&self, template: &str) -> Result<Vec<Version>, Error> {
        let (before, after) = template.split_once("{version}").unwrap_or((template, ""));
        let filters = HashMap::from([("reference", vec![template.replace("{version}", "*")])]);
        let options = ListImagesOptionsBuilder::default().filters(&filters).build();
        let images = self.api.list_images(Some(options)).await?;
        // Podman tells the whole name of what was given without a registry.
        let version = |tag: &String| {
            let tag = tag.strip_prefix(before).or_else(|| tag.strip_prefix("docker.io/")?.strip_prefix(before))?;
            Version::parse(tag.strip_suffix(after)?).ok()
        };
        Ok(images.iter().flat_map(|image| image.repo_tags.iter().filter_map(version)).collect())
    }

    fn failed(&self, reference: &str, error: &Error) -> Failure {
        let engine = self.options.host.clone();
        match error {
            Error::DockerResponseServerError { .. } | Error::DockerStreamError { .. } => {
                Failure::Image { reference: reference.to_owned(), reason: format!("{engine} says: {}", told(error)) }
            }
            error => Failure::Engine { engine, reason: error.to_string() },
        }
    }
}

fn pin(reference: &str, image: ImageInspect, chosen: bool) -> Option<Image> {
    let id = image.id?;
    let digest = image.repo_digests.and_then(|digests| digests.into_iter().next()).unwrap_or_else(|| id.clone());
    Some(Image { reference: reference.to_owned(), digest, id, chosen })
}

/// Name and tag (or digest) of a reference; `latest` where it has none, since without any a registry would send every tag.
fn split(reference: &str) -> (&str, &str) {
    if let Some((name, digest)) = reference.split_once('@') {
        return (name, digest);
    }
    match reference.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (reference, "latest"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_a_name_and_a_tag() {
        for (reference, parts) in [
            ("hashicorp/terraform:1.11.4", ("hashicorp/terraform", "1.11.4")),
            ("registry.example:5000/terraform", ("registry.example:5000/terraform", "latest")),
            ("registry.example:5000/terraform:1", ("registry.example:5000/terraform", "1")),
            ("terraform@sha256:abc", ("terraform", "sha256:abc")),
        ] {
            assert_eq!(split(reference), parts);
        }
    }
}
