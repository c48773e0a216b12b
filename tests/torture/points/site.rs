//! The servers on which points are passed: one of each kind, made when the first point wants it.

use terrane_tests::{Database, Peer, Server, Stage, Version};

use super::list::Load;

/// What a server stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Files.
    Files,
    /// A bucket.
    Bucket,
    /// A container.
    Container,
    /// Files, and runners elsewhere.
    Runners,
    /// The same, with room for small states only.
    Narrow,
}

impl Kind {
    /// The one that a load wants.
    pub(super) fn of(load: Load) -> Self {
        match load {
            Load::Bucket | Load::BucketParts => Self::Bucket,
            Load::Container | Load::ContainerParts => Self::Container,
            Load::Runner => Self::Runners,
            Load::Unsent => Self::Narrow,
            _ => Self::Files,
        }
    }
}

/// A server with what it stands on.
pub(super) struct Site {
    kind: Kind,
    pub(super) stage: Stage,
    /// What a runner of the site comes with.
    pub(super) token: String,
    _peer: Option<Peer>,
}

/// Those that were made until now.
#[derive(Default)]
pub(super) struct Sites(Vec<Site>);

impl Sites {
    /// The one of this kind.
    pub(super) fn of(&mut self, kind: Kind, database: Database) -> &mut Site {
        let at = self.0.iter().position(|site| site.kind == kind).unwrap_or_else(|| {
            self.0.push(Site::make(kind, database));
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Site> {
        self.0.iter()
    }
}

impl Site {
    fn make(kind: Kind, database: Database) -> Self {
        let mut peer = None;
        let mut server = Server::prepare(database, &[]);
        match kind {
            Kind::Files => {}
            Kind::Bucket => {
                let moto = peer.insert(Peer::moto());
                moto.make_bucket("states");
                server.set("--objects", Some("s3:states/site"));
                server.set("--objects-endpoint", Some(&moto.address()));
                server.set("--objects-credential", Some("nobody:a-secret"));
            }
            Kind::Container => {
                let folder = server.folder().join("azurite");
                let azurite = peer.insert(Peer::azurite(folder.to_str().expect("a path of letters")));
                azurite.make_container("states");
                server.set("--objects", Some("azblob:states/site"));
                server.set("--objects-credential", Some(&azurite.container("states")));
            }
            Kind::Runners => server.set("--runner", Some("off")),
            Kind::Narrow => {
                server.set("--runner", Some("off"));
                server.set("--max-state-size", Some("600B"));
            }
        }
        server.restart();
        let stage = Stage::on(server, Version::V1_11_4);
        let token = match kind {
            Kind::Runners | Kind::Narrow => stage.server.admin(&["runner-token", "create", "--description", "torture"]),
            _ => String::new(),
        };
        Self { kind, stage, token, _peer: peer }
    }
}
