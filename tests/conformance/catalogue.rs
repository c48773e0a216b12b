//! All cases: what each is called, what it shows, and with which terraform it can be played.

use terrane_tests::{Tenant, Version};

use crate::cases::{doors, engine, flows, interrupts, migrations, work};

/// What a case is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// What people do every day, with any terraform: the `cloud` block where it is known, `backend "remote"` where it is not.
    Work,
    /// The flows of Terraform's own end-to-end suite of the `cloud` block.
    Flows,
    /// This version executes the run.
    Engine,
    /// What is asked of the server beside the CLI, as programs do.
    Doors,
}

impl Group {
    /// Every group, in the order of the page.
    pub(crate) const ALL: [Self; 4] = [Self::Work, Self::Flows, Self::Engine, Self::Doors];

    /// How the page calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Work => "client",
            Self::Flows => "end-to-end flows",
            Self::Engine => "engine",
            Self::Doors => "API",
        }
    }
}

/// One case.
pub(crate) struct Case {
    /// Its name, by which the expectations know it.
    pub(crate) name: &'static str,
    /// What it shows, in words for the page.
    pub(crate) about: &'static str,
    /// What it is about.
    pub(crate) group: Group,
    /// The test of the upstream suite that it is one case of, if it is.
    pub(crate) upstream: Option<&'static str>,
    /// Whether the short form has it.
    pub(crate) short: bool,
    /// With which versions it is played.
    pub(crate) versions: fn(Version) -> bool,
    /// Plays it.
    pub(crate) play: fn(&Tenant),
}

/// Every case.
pub(crate) fn catalogue() -> Vec<Case> {
    [work::cases(), interrupts::cases(), flows::cases(), migrations::cases(), engine::cases(), doors::cases()]
        .into_iter()
        .flatten()
        .collect()
}

/// Every version.
pub(crate) fn any(_: Version) -> bool {
    true
}

/// The versions that know the `cloud` block.
pub(crate) fn cloud(version: Version) -> bool {
    version.knows_cloud()
}

/// The versions for which a provider can be installed from a folder.
pub(crate) fn with_providers(version: Version) -> bool {
    version >= Version::V0_13_4
}

/// The versions that have `terraform test` executed elsewhere.
pub(crate) fn tests_modules(version: Version) -> bool {
    version >= Version::V1_6_6
}

/// No terraform takes part: played once.
pub(crate) fn once(version: Version) -> bool {
    version == Version::V1_11_4
}

/// Names the cases of a module: `cases! { Work, any: short name "what it shows"; … }`.
macro_rules! cases {
    ($group:ident, $upstream:expr, $versions:ident: $($(#$short:ident)? $name:ident $about:literal),+ $(,)?) => {
        [$($crate::catalogue::Case {
            name: stringify!($name),
            about: $about,
            group: $crate::catalogue::Group::$group,
            upstream: $upstream,
            short: [$(stringify!($short)),*].contains(&"short"),
            versions: $crate::catalogue::$versions,
            play: $name,
        }),+]
    };
}
pub(crate) use cases;
