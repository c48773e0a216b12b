-- How long an organization, or one of its workspaces, keeps what is no longer needed: days, NULL is for ever. A workspace without a policy of its own
-- has its organization's.
CREATE TABLE retention_policies (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    workspace_id TEXT,
    -- it was taken away at `updated_at`: the workspace has its organization's again
    inherits BOOLEAN NOT NULL,
    states BIGINT,
    configurations BIGINT,
    plans BIGINT,
    logs BIGINT,
    -- so many of the newest states stay, however old they are
    least_states BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX retention_policies_of_organization ON retention_policies (organization_id) WHERE workspace_id IS NULL;
CREATE UNIQUE INDEX retention_policies_of_workspace ON retention_policies (workspace_id) WHERE workspace_id IS NOT NULL;

-- When a policy had the bytes removed; the rows stay, and say so.
ALTER TABLE state_versions ADD COLUMN purged_at BIGINT;
ALTER TABLE configuration_versions ADD COLUMN purged_at BIGINT;
ALTER TABLE phases ADD COLUMN log_purged_at BIGINT;
-- whether pieces of a purged log are still there
ALTER TABLE phases ADD COLUMN log_left BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE phases ADD COLUMN plan_purged_at BIGINT;

-- What may be due, oldest first. None names a column that changes while a phase runs.
CREATE INDEX state_versions_kept ON state_versions (organization_id, created_at, id) WHERE blob_id IS NOT NULL;
CREATE INDEX configuration_versions_kept ON configuration_versions (organization_id, created_at, id) WHERE blob_id IS NOT NULL;
CREATE INDEX phases_with_logs ON phases (organization_id, finished_at, id) WHERE log_purged_at IS NULL;
CREATE INDEX phases_with_plans ON phases (organization_id, finished_at, id) WHERE plan_purged_at IS NULL;
CREATE INDEX phases_with_logs_of_workspace ON phases (workspace_id, finished_at, id) WHERE log_purged_at IS NULL;
CREATE INDEX phases_with_plans_of_workspace ON phases (workspace_id, finished_at, id) WHERE plan_purged_at IS NULL;
CREATE INDEX phases_log_left ON phases (id) WHERE log_left;

-- Whether a run was made from a configuration.
CREATE INDEX runs_by_configuration ON runs (configuration_version_id);

-- Objects whose rows went, and when: a backup that began before may still want them.
CREATE TABLE released_objects (
    object_key TEXT NOT NULL PRIMARY KEY,
    released_at BIGINT NOT NULL
);
