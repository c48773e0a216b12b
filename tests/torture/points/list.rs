//! The points of the code, and what leads to each. A test holds the list against the code.

use terrane_tests::Database;

/// What is done so that a point is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// Clients write small states.
    Write,
    /// Clients write large states.
    Large,
    /// Clients write states that lie in a bucket.
    Bucket,
    /// Clients write states that go to a bucket in parts.
    BucketParts,
    /// Clients write states that lie in a container.
    Container,
    /// Clients write states that go to a container in parts.
    ContainerParts,
    /// A run is applied by the server's own runner.
    Run,
    /// A run is applied by a runner elsewhere.
    Runner,
    /// A run is applied by a runner elsewhere whose server takes no state of that size.
    Unsent,
    /// A new server starts.
    First,
    /// A backup is made.
    Backup,
    /// Backups are pruned.
    Prune,
    /// A backup is restored.
    Restore,
    /// Root keys are written into an escrow.
    Escrow,
}

/// A point of the code.
pub(crate) struct Point {
    /// Its name there.
    pub(crate) name: &'static str,
    /// What leads to it.
    pub(crate) load: Load,
    /// Whether it is passed again and again.
    pub(crate) often: bool,
}

impl Point {
    /// Whether it is passed on this database.
    pub(crate) fn is_on(&self, database: Database) -> bool {
        match database {
            Database::Sqlite => !self.name.starts_with("postgres."),
            Database::Postgres => !self.name.starts_with("sqlite."),
        }
    }
}

const fn often(name: &'static str, load: Load) -> Point {
    Point { name, load, often: true }
}

const fn once(name: &'static str, load: Load) -> Point {
    Point { name, load, often: false }
}

/// Every point.
pub(crate) const POINTS: &[Point] = &[
    often("sqlite.commit", Load::Write),
    often("sqlite.committed", Load::Write),
    often("postgres.commit", Load::Write),
    often("postgres.committed", Load::Write),
    often("state.received", Load::Write),
    often("state.stored", Load::Write),
    often("delta.replace", Load::Write),
    once("delta.replaced", Load::Write),
    once("delta.settled", Load::Write),
    often("objects.file.made", Load::Large),
    often("objects.file.written", Load::Large),
    often("objects.file.synced", Load::Large),
    often("objects.file.renamed", Load::Large),
    often("objects.file.named", Load::Large),
    once("objects.file.delete", Load::Large),
    often("objects.s3.put", Load::Bucket),
    often("objects.s3.kept", Load::Bucket),
    often("objects.s3.part", Load::BucketParts),
    once("objects.s3.complete", Load::BucketParts),
    once("objects.s3.completed", Load::BucketParts),
    often("objects.azure.put", Load::Container),
    often("objects.azure.kept", Load::Container),
    often("objects.azure.part", Load::ContainerParts),
    once("objects.azure.complete", Load::ContainerParts),
    once("objects.azure.completed", Load::ContainerParts),
    once("log.append", Load::Run),
    once("log.appended", Load::Run),
    once("runner.phase.written", Load::Runner),
    often("runner.file.written", Load::Runner),
    often("runner.file.renamed", Load::Runner),
    once("runner.state.kept", Load::Runner),
    once("runner.state.sent", Load::Runner),
    once("runner.finish", Load::Runner),
    once("runner.finished", Load::Runner),
    once("runner.ended.nameless", Load::Runner),
    once("runner.unsent.written", Load::Unsent),
    once("runner.unsent.sent", Load::Unsent),
    once("sqlite.migrate", Load::First),
    once("sqlite.migrated", Load::First),
    once("postgres.migrate", Load::First),
    once("postgres.migrated", Load::First),
    once("key.written", Load::First),
    once("key.synced", Load::First),
    once("key.linked", Load::First),
    once("key.named", Load::First),
    once("file.written", Load::First),
    once("file.synced", Load::First),
    once("file.renamed", Load::First),
    once("file.named", Load::First),
    once("backup.rows", Load::Backup),
    once("backup.packed", Load::Backup),
    once("backup.finish", Load::Backup),
    once("backup.finished", Load::Backup),
    once("prune.manifest", Load::Prune),
    once("prune.part", Load::Prune),
    once("restore.copied", Load::Restore),
    once("restore.loaded", Load::Restore),
    once("restore.commit", Load::Restore),
    once("restore.committed", Load::Restore),
    once("escrow.written", Load::Escrow),
];
