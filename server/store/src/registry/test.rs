//! Tests of modules: what makes a run one, and what came of it.

use crate::{Error, Result, Tx};
use domain::id::{OrganizationId, RunId};
use sqlx::FromRow;

/// What a test is made of, beside its run.
#[derive(Debug, Clone)]
pub struct NewTest {
    /// The run that executes it.
    pub run_id: RunId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// The files to execute; none is all.
    pub filters: Vec<String>,
    /// Where they lie.
    pub directory: String,
    /// `-verbose`
    pub verbose: bool,
    /// `-parallelism`
    pub parallelism: Option<i64>,
    /// The version to execute it with; none is that of the workspace.
    pub wanted_version: Option<String>,
}

/// A test.
#[derive(Debug, Clone, FromRow)]
pub struct Test {
    /// The run that executes it.
    #[sqlx(try_from = "String")]
    pub run_id: RunId,
    filters: String,
    /// Where its files lie.
    pub directory: String,
    /// `-verbose`
    pub verbose: bool,
    /// `-parallelism`
    pub parallelism: Option<i64>,
    /// The version to execute it with; none is that of the workspace.
    pub wanted_version: Option<String>,
    /// `pass`, `fail`, `error` or `skip`, once it is known.
    pub verdict: Option<String>,
    /// How many runs of its files passed.
    pub passed: i64,
    /// How many failed.
    pub failed: i64,
    /// How many could not be judged.
    pub errored: i64,
    /// How many were left out.
    pub skipped: i64,
}

impl Test {
    /// The files to execute; none is all.
    pub fn filters(&self) -> Vec<String> {
        serde_json::from_str(&self.filters).unwrap_or_default()
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT t.run_id, t.filters, t.directory, t.is_verbose AS verbose, t.parallelism, t.wanted_version, t.verdict, t.passed, t.failed, t.errored,
             t.skipped FROM test_runs t ",
            $rest
        )
    };
}

/// Makes a test of a run that was just inserted: its plan phase is one.
pub async fn insert_test(tx: &mut Tx, new: &NewTest) -> Result<()> {
    let filters = serde_json::to_string(&new.filters).map_err(|e| Error::inconsistent("test_runs", e))?;
    tx.query(
        "INSERT INTO test_runs (run_id, organization_id, filters, directory, is_verbose, parallelism, wanted_version, passed, failed, errored, skipped)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0)",
    )
    .bind(new.run_id.as_str())
    .bind(new.organization_id.as_str())
    .bind(filters)
    .bind(new.directory.as_str())
    .bind(new.verbose)
    .bind(new.parallelism)
    .bind(new.wanted_version.as_deref())
    .run()
    .await?;
    tx.query("UPDATE phases SET kind = 'test' WHERE id = $1 AND kind = 'plan'")
        .bind(new.run_id.plan().as_str())
        .save()
        .await
}

/// The test that a run executes, if it does.
pub async fn find_test(tx: &mut Tx, run: &RunId) -> Result<Option<Test>> {
    tx.query(select!("WHERE t.run_id = $1")).bind(run.as_str()).optional().await
}

/// The tests that these runs execute, in no order.
pub async fn list_tests(tx: &mut Tx, runs: &[&str]) -> Result<Vec<Test>> {
    if runs.is_empty() {
        return Ok(Vec::new());
    }
    tx.query(select!("WHERE t.run_id IN (")).list(runs.iter().copied()).push(")").all().await
}

/// Says what came of a test: the verdict, and how many passed, failed, could not be judged and were left out.
pub async fn set_verdict(tx: &mut Tx, run: &RunId, verdict: &str, counts: [i64; 4]) -> Result<()> {
    let [passed, failed, errored, skipped] = counts;
    tx.query(
        "UPDATE test_runs SET verdict = $1, passed = $2, failed = $3, errored = $4, skipped = $5 WHERE run_id = $6",
    )
    .bind(verdict)
    .bind(passed)
    .bind(failed)
    .bind(errored)
    .bind(skipped)
    .bind(run.as_str())
    .save()
    .await
}
