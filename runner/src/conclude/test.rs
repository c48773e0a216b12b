//! What came of a test: the engine says it in the last lines of its log, and by its exit code that not all passed.

use crate::{
    hooks::TEST,
    lease::Cause,
    log::START,
    phase::{Execution, Record},
    plan::lines_with,
    server::Server,
    supervise::spec::Exit,
};
use protocol::{Outcome, Phase, Tally, Verdict};
use serde::Deserialize;
use std::path::PathBuf;

/// The outcome of a test whose engine ended well.
pub(super) async fn passed<S: Server>(execution: &Execution<S>) -> Outcome {
    // Without a word at its end it has executed nothing: no file was there to be tested.
    let (verdict, tally) = summary(execution.layout.log()).await.unwrap_or((Verdict::Skip, Tally::default()));
    Outcome::Tested { verdict, tally }
}

/// The outcome of a test whose engine said that not all passed; nothing where it was stopped, or failed before it had tested.
pub(super) async fn failed<S: Server>(
    execution: &Execution<S>,
    record: &Record,
    exit: &Exit,
    cause: Option<Cause>,
) -> Option<Outcome> {
    let is_test = record.names.get(exit.succeeded).is_some_and(|name| name.ends_with(&format!(" {TEST}")));
    if record.phase != Phase::Test || !is_test || exit.code != Some(1) || cause.is_some() || exit.interrupted {
        return None;
    }
    let (verdict, tally) = summary(execution.layout.log()).await?;
    // Whatever it says, its exit code says that something was amiss.
    let verdict = if verdict == Verdict::Fail { verdict } else { Verdict::Error };
    Some(Outcome::Tested { verdict, tally })
}

async fn summary(log: PathBuf) -> Option<(Verdict, Tally)> {
    let read = tokio::task::spawn_blocking(move || {
        let mut last = None;
        lines_with(&log, &[b"\"test_summary\""], |line| last = read(line).or(last)).map(|()| last)
    });
    read.await.ok()?.ok()?
}

fn read(line: &str) -> Option<(Verdict, Tally)> {
    #[derive(Deserialize)]
    struct Line {
        r#type: String,
        test_summary: Summary,
    }
    #[derive(Deserialize)]
    struct Summary {
        status: String,
        #[serde(flatten)]
        tally: Tally,
    }
    // The first line stands behind the byte that begins every log.
    let line = line.trim_start_matches(char::from(START));
    let Line { r#type, test_summary: Summary { status, tally } } = serde_json::from_str(line).ok()?;
    let verdict = match status.as_str() {
        "pass" => Verdict::Pass,
        "fail" => Verdict::Fail,
        "skip" => Verdict::Skip,
        _ => Verdict::Error,
    };
    (r#type == "test_summary").then_some((verdict, tally))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_summary_counts_and_nothing_else() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let line = |status: &str, passed: u32| {
            format!(
                "{{\"@level\":\"info\",\"test_summary\":{{\"status\":\"{status}\",\"passed\":{passed},\"failed\":1,\"errored\":2,\"skipped\":3}},\"type\":\"test_summary\"}}\n"
            )
        };
        let summary_of = async |text: String| {
            std::fs::write(file.path(), text).unwrap();
            summary(file.path().to_owned()).await
        };
        let tally = Tally { passed: 4, failed: 1, errored: 2, skipped: 3 };
        assert_eq!(summary_of(line("pass", 1) + &line("fail", 4)).await, Some((Verdict::Fail, tally)));
        assert_eq!(summary_of(line("pending", 4)).await, Some((Verdict::Error, tally)), "a word that no client knows");
        let other = line("pass", 1).replace("\"type\":\"test_summary\"", "\"type\":\"log\"");
        assert_eq!(summary_of(other).await, None);
        assert_eq!(summary_of("no \"test_summary\" at all\n".into()).await, None);
    }
}
