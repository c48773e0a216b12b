-- Tests of an organization's own modules, executed as `terraform test -cloud-run` asks.

-- The module whose tests a workspace is for: it holds their key, configurations and runs, and nobody sees it among the others.
ALTER TABLE workspaces ADD COLUMN module_id TEXT REFERENCES registry_modules (id);
CREATE UNIQUE INDEX workspaces_by_module ON workspaces (module_id) WHERE module_id IS NOT NULL;

-- What makes a run a test, and what came of it. Its plan phase is of the kind 'test'.
CREATE TABLE test_runs (
    run_id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    -- the files to execute: JSON, a list; none is all
    filters TEXT NOT NULL,
    -- where they lie
    directory TEXT NOT NULL,
    is_verbose BOOLEAN NOT NULL,
    parallelism BIGINT,
    -- the version that is asked for; none is that of the workspace
    wanted_version TEXT,
    -- 'pass', 'fail', 'error' or 'skip', once it is known, and how many runs of the test files ended so
    verdict TEXT,
    passed BIGINT NOT NULL,
    failed BIGINT NOT NULL,
    errored BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id) ON DELETE CASCADE
);
