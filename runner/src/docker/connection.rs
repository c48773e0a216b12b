//! The streams of one container.

use super::Docker;
use bollard::exec::StartExecResults;
use bollard::{
    container::LogOutput,
    errors::Error,
    models::ExecConfig,
    query_parameters::{AttachContainerOptionsBuilder, LogsOptionsBuilder},
};
use futures::{Stream, StreamExt};
use std::{pin::Pin, time::Duration};
use tokio::io::AsyncWrite;

/// What a container sends.
pub(super) type Output = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;

/// A way to speak to PID 1 of a container, and to hear it.
pub(super) struct Connection {
    pub(super) id: String,
    pub(super) input: Option<Pin<Box<dyn AsyncWrite + Send>>>,
    pub(super) output: Output,
    /// The second way out, where it was opened beforehand.
    pub(super) outputs: Option<Output>,
}

/// The second way out of a container.
const OUT: &str = include_str!("out.sh");
/// How much is told of what a container complained about.
const TOLD: usize = 2_000;

impl Connection {
    /// What the container complained about before it could take a phase, for a message.
    pub(super) async fn said(&mut self) -> String {
        let mut said = String::new();
        while said.len() < TOLD {
            match tokio::time::timeout(Duration::from_secs(2), self.output.next()).await {
                Ok(Some(Ok(message))) => said += &message.to_string(),
                _ => break,
            }
        }
        if said.is_empty() { said } else { format!(" ({})", said.trim()) }
    }
}

impl Docker {
    /// Both directions of a container, from now on.
    pub(super) async fn attach(&self, id: &str) -> Result<Connection, Error> {
        let options =
            AttachContainerOptionsBuilder::default().stdin(true).stdout(true).stderr(true).stream(true).build();
        let attached = self.api.attach_container(id, Some(options)).await?;
        Ok(Connection { id: id.to_owned(), input: Some(attached.input), output: attached.output, outputs: None })
    }

    /// The same of one that runs already: from its first byte on, or from now on.
    pub(super) async fn attach_again(&self, id: &str, from_first: bool) -> Result<Connection, Error> {
        if !from_first {
            return self.attach(id).await;
        }
        let options = AttachContainerOptionsBuilder::default().stdin(true).stream(true).build();
        let input = self.api.attach_container(id, Some(options)).await.ok().map(|attached| attached.input);
        let options = LogsOptionsBuilder::default().follow(true).stdout(true).stderr(true).build();
        Ok(Connection { id: id.to_owned(), input, output: Box::pin(self.api.logs(id, Some(options))), outputs: None })
    }

    /// Opens the second way out.
    pub(super) async fn outputs(&self, id: &str) -> Result<Output, Error> {
        let command = ["sh", "-c", OUT].map(str::to_owned).into();
        let config = ExecConfig {
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command),
            ..ExecConfig::default()
        };
        let made = self.api.create_exec(id, config).await?;
        match self.api.start_exec(&made.id, None).await? {
            StartExecResults::Attached { output, .. } => Ok(output),
            StartExecResults::Detached => Err(Error::RequestTimeoutError),
        }
    }
}
