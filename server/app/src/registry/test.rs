//! Tests of a module, as `terraform test -cloud-run` has them made: a run of a workspace that belongs to the module and that nobody sees
//! otherwise. Who publishes modules has them tested; who reads modules reads their tests.

use super::module;
use crate::{
    App, Caller, Error, NewConfiguration, NewRun, Result, access,
    hub::Event,
    run::{advance, create},
};
use domain::{
    id::{ConfigurationVersionId, RunId, TestRunId, WorkspaceId},
    name,
    permission::Permission,
    run::{Event as RunEvent, Status},
};
use store::{
    Tx,
    configuration::ConfigurationVersion,
    organization::Organization,
    phase::Phase,
    registry::{Module, Test},
    run::Run,
    workspace::Workspace,
};

/// The most files of `-filter`.
const MOST_FILTERS: usize = 1000;
/// How long after a cancel another one is taken for the same, in seconds: a client repeats a request whose answer was lost.
const SAME: i64 = 2;
/// The version of the engine where nobody says one.
const NEWEST: &str = "latest";

/// How a module is to be tested.
#[derive(Debug, Clone, Default)]
pub struct NewTest {
    /// What to test: an upload to this module.
    pub configuration_version: Option<ConfigurationVersionId>,
    /// `-filter`
    pub filters: Vec<String>,
    /// `-test-directory`; empty for the engine's own choice.
    pub directory: String,
    /// `-verbose`
    pub verbose: bool,
    /// `-parallelism`
    pub parallelism: Option<i64>,
    /// Variables: name and HCL expression.
    pub variables: Vec<(String, String)>,
    /// The version to test with: that of the client, so that the verdict is the one that it would come to itself.
    pub version: Option<String>,
    /// Who makes it: `terraform` or `tfe-api`.
    pub source: String,
}

/// A test with what it is made of.
#[derive(Debug, Clone)]
pub struct TestRun {
    /// The run that executes it.
    pub run: Run,
    /// Its options and its verdict.
    pub test: Test,
    /// What executes, with its log.
    pub phase: Phase,
    /// What it tests.
    pub module: Module,
}

impl TestRun {
    /// Where it stands, by the names that clients know. One that waits is `pending`: they ask again without a pause while it is `queued`.
    pub fn status(&self) -> Result<&'static str> {
        Ok(match self.run.status()? {
            Status::Pending | Status::PlanQueued => "pending",
            Status::PlannedAndFinished => "finished",
            Status::Canceled => "canceled",
            status if status.is_final() => "errored",
            _ => "running",
        })
    }

    /// How the tests went: `pending` until it has ended, then `pass`, `fail`, `error` or `skip`. A client knows no other word.
    pub fn verdict(&self) -> Result<&str> {
        Ok(match self.status()? {
            "pending" | "running" => "pending",
            "finished" => self.test.verdict.as_deref().unwrap_or("error"),
            _ => "error",
        })
    }
}

impl NewTest {
    fn check(&self) -> Result<()> {
        let bad = |filter: &String| filter.is_empty() || filter.len() > 2048 || filter.chars().any(char::is_control);
        if self.filters.len() > MOST_FILTERS || self.filters.iter().any(bad) {
            return Err(Error::invalid("filters", "Filters are up to 1000 test files of up to 2048 characters"));
        }
        name::check_directory(&self.directory).map_err(|_| {
            Error::invalid("test-directory", "Test directory is a relative path inside the module, without '..'")
        })?;
        if self.parallelism.is_some_and(|number| !(1..=1000).contains(&number)) {
            return Err(Error::invalid("parallelism", "Parallelism is a number from 1 to 1000"));
        }
        Ok(())
    }

    /// The run that executes it.
    fn run(&self) -> NewRun {
        NewRun {
            message: Some("Test of a module".into()),
            source: self.source.clone(),
            plan_only: Some(true),
            auto_apply: Some(false),
            json_log: true,
            variables: self.variables.clone(),
            ..NewRun::default()
        }
    }
}

impl App {
    /// Announces the upload of a module that is to be tested.
    pub async fn create_test_configuration(
        &self,
        caller: &Caller,
        module: (&str, &str, &str),
    ) -> Result<ConfigurationVersion> {
        let (organization, module) = self.managed_module(caller, module).await?;
        let workspace = self.workspace_of_module(&organization, &module).await?;
        let new = NewConfiguration { speculative: true, provisional: false, auto_queue_runs: false };
        self.announce_configuration(caller, workspace, new).await
    }

    /// Has a module tested, as it was uploaded.
    pub async fn create_test(&self, caller: &Caller, module: (&str, &str, &str), new: &NewTest) -> Result<TestRun> {
        new.check()?;
        let as_run = new.run();
        as_run.check()?;
        let (organization, module) = self.managed_module(caller, module).await?;
        let workspace = self.workspace_of_module(&organization, &module).await?;
        let (id, now) = (RunId::new(&self.entropy()), self.now());
        let variables = self.seal_run_variables(&workspace, &id, &as_run.variables).await?;
        let row = store::registry::NewTest {
            run_id: id.clone(),
            organization_id: module.organization_id.clone(),
            filters: new.filters.clone(),
            directory: new.directory.clone(),
            verbose: new.verbose,
            parallelism: new.parallelism,
            wanted_version: new.version.clone(),
        };
        let (run, events) = self
            .store
            .write_once(async |mut tx, again| {
                let workspace = access::hold_tests(&mut tx, caller, &workspace.id).await?;
                if again && let Some(run) = store::run::find(&mut tx, &id).await? {
                    let queued = Event::Queue(run.organization_id.clone());
                    return Ok((run, vec![Event::Workspace(workspace.id), queued]));
                }
                let configuration = match &new.configuration_version {
                    Some(id) => store::configuration::find(&mut tx, id).await?,
                    None => None,
                };
                let configuration = configuration.filter(|c| c.workspace_id == workspace.id).ok_or_else(|| {
                    Error::invalid(
                        "configuration-version",
                        "The module has no such configuration version; upload one to it first",
                    )
                })?;
                let queued =
                    create::queue(&mut tx, caller, &workspace, configuration, &as_run, variables.clone(), &id, now);
                let queued = queued.await?;
                store::registry::insert_test(&mut tx, &row).await?;
                Ok::<_, Error>(queued)
            })
            .await?;
        self.after(events);
        self.whole_test(module, run).await
    }

    /// A test of a module.
    pub async fn test(&self, caller: &Caller, module: (&str, &str, &str), id: &TestRunId) -> Result<TestRun> {
        let organization = self.own_organization(caller, module.0).await?.id;
        let module = self.store.look(async |mut tx| module::find(&mut tx, &organization, module).await).await?;
        let run = self.run_of_module(&module, id).await?;
        self.whole_test(module, run).await
    }

    /// A page of the tests of a module, the newest first, and how many there are.
    pub async fn list_tests(
        &self,
        caller: &Caller,
        module: (&str, &str, &str),
        limit: i64,
        offset: i64,
    ) -> Result<(Vec<TestRun>, i64)> {
        let organization = self.own_organization(caller, module.0).await?.id;
        self.store
            .read(async |mut tx| {
                let module = module::find(&mut tx, &organization, module).await?;
                let Some(workspace) = store::workspace::find_of_module(&mut tx, &module.id).await? else {
                    return Ok((Vec::new(), 0));
                };
                let runs = store::run::list(&mut tx, &workspace.id, true, limit, offset).await?;
                let total = store::run::count(&mut tx, &workspace.id, true).await?;
                let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
                let mut tests = store::registry::list_tests(&mut tx, &ids).await?;
                let mut page = Vec::with_capacity(runs.len());
                for run in runs {
                    let Some(at) = tests.iter().position(|test| test.run_id == run.id) else { continue };
                    let phase = find_phase(&mut tx, &run.id).await?;
                    page.push(TestRun { test: tests.swap_remove(at), phase, run, module: module.clone() });
                }
                Ok::<_, Error>((page, total))
            })
            .await
    }

    /// Stops a test: gently first, so that it destroys what it made; at once when it is asked for again, or by `force` after that.
    pub async fn cancel_test(
        &self,
        caller: &Caller,
        module: (&str, &str, &str),
        id: &TestRunId,
        force: bool,
    ) -> Result<()> {
        let (_, module) = self.managed_module(caller, module).await?;
        let seen = self.run_of_module(&module, id).await?;
        let now = self.now();
        let (event, events) = self
            .store
            .write(async |mut tx| {
                access::hold_ours(&mut tx, &seen.workspace_id).await?;
                let missing = || Error::not_found(format!("test {id}"));
                let mut run = store::run::find(&mut tx, &seen.id).await?.ok_or_else(missing)?;
                let status = run.status()?;
                if status.is_final() {
                    return Err(Error::Conflict(format!("{id} has ended: there is nothing to cancel")));
                }
                let event = match run.cancel_asked_at {
                    Some(asked) if !force && now.micros() < asked + SAME * 1_000_000 => return Ok((None, Vec::new())),
                    Some(_) => RunEvent::ForceCancel,
                    None if force => {
                        return Err(Error::Conflict(format!("{id} was not canceled: cancel it first")));
                    }
                    None => RunEvent::Cancel,
                };
                if event == RunEvent::Cancel {
                    run.cancel_asked_at = Some(now.micros());
                    run.canceled_by = caller.id().map(ToString::to_string);
                    if status != Status::Planning {
                        run.reason = Some("canceled before it executed".into());
                    }
                }
                Ok((Some(event), advance::take(&mut tx, run, event, now).await?))
            })
            .await?;
        self.after(events);
        self.hub.announce([Event::Wish(seen.id.plan().to_string())]);
        if event == Some(RunEvent::ForceCancel) {
            let phase = self.store.look(async |mut tx| find_phase(&mut tx, &seen.id).await).await?;
            let who = caller.user().map_or("somebody", |user| &user.name);
            // Where nobody has heard of its runner, nobody will heed the wish either.
            if phase.lost_at.is_some() {
                self.end_forced(&phase, who).await?;
            }
        }
        Ok(())
    }

    /// The test that a leased phase executes.
    pub(crate) async fn leased_test(&self, run: &RunId) -> Result<Test> {
        let found = self.store.look(async |mut tx| store::registry::find_test(&mut tx, run).await).await?;
        found.ok_or_else(|| Error::Internal(format!("{run} has a test phase, and is no test")))
    }

    /// Whether somebody may read what was uploaded to the workspace of a module: who reads modules.
    pub(crate) async fn reads_tests(&self, caller: &Caller, workspace: &WorkspaceId) -> Result<bool> {
        let user = caller.user_id();
        let found = self.store.look(async |mut tx| store::workspace::find(&mut tx, workspace, user).await).await?;
        Ok(found.is_some_and(|found| found.module_id.is_some() && caller.role(found.role.as_deref()).is_some()))
    }

    /// A module that the caller publishes, and whose it is.
    async fn managed_module(&self, caller: &Caller, module: (&str, &str, &str)) -> Result<(Organization, Module)> {
        let organization = self.organization(caller, module.0, Permission::ManageRegistry).await?;
        let id = &organization.id;
        let module = self.store.look(async |mut tx| module::find(&mut tx, id, module).await).await?;
        Ok((organization, module))
    }

    /// The workspace that a module's tests have, made before the first.
    async fn workspace_of_module(&self, organization: &Organization, module: &Module) -> Result<Workspace> {
        let find = || self.store.look(async |mut tx| store::workspace::find_of_module(&mut tx, &module.id).await);
        if let Some(found) = find().await? {
            return Ok(found);
        }
        let (id, now) = (WorkspaceId::new(&self.entropy()), self.now());
        let wrapped = self.vault.new_key(&id)?;
        let of = &organization.id;
        let project = self.store.look(async |mut tx| store::organization::default_project(&mut tx, of).await).await?;
        let project = project.ok_or_else(|| Error::Internal(format!("{of} has no default project")))?;
        let mut workspace = Workspace::new(id, organization, project.id, NEWEST, now);
        // No workspace of a person has a slash in its name.
        workspace.name = format!("{}/{}", module.name, module.provider);
        workspace.module_id = Some(module.id.to_string());
        let made = self.store.write(async |mut tx| store::workspace::insert(&mut tx, &workspace, &wrapped).await).await;
        match made {
            Err(error) if !error.is_taken("workspaces") => return Err(error.into()),
            // Somebody else may have been faster.
            Ok(()) | Err(_) => {}
        }
        let found = find().await?;
        found.ok_or_else(|| Error::Internal(format!("the workspace of {} vanished while it was made", module.id)))
    }

    async fn run_of_module(&self, module: &Module, id: &TestRunId) -> Result<Run> {
        let found = self
            .store
            .read(async |mut tx| {
                let Some(workspace) = store::workspace::find_of_module(&mut tx, &module.id).await? else {
                    return Ok(None);
                };
                let run = store::run::find(&mut tx, &id.run()).await?;
                Ok::<_, store::Error>(run.filter(|run| run.workspace_id == workspace.id))
            })
            .await?;
        found.ok_or_else(|| Error::not_found(format!("test {id}")))
    }

    async fn whole_test(&self, module: Module, run: Run) -> Result<TestRun> {
        let test = self.leased_test(&run.id).await?;
        let phase = self.store.look(async |mut tx| find_phase(&mut tx, &run.id).await).await?;
        Ok(TestRun { run, test, phase, module })
    }
}

async fn find_phase(tx: &mut Tx, run: &RunId) -> Result<Phase> {
    let found = store::phase::find(tx, run.plan().as_str()).await?;
    found.ok_or_else(|| Error::Internal(format!("{run} has no phase")))
}
