-- Whose runs may read the state of a workspace that is not their own: nobody's, unless its workspace says so.

-- every workspace's of its organization
ALTER TABLE workspaces ADD COLUMN global_remote_state BOOLEAN NOT NULL DEFAULT FALSE;

-- these workspaces'
CREATE TABLE remote_state_consumers (
    organization_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    consumer_id TEXT NOT NULL,
    PRIMARY KEY (workspace_id, consumer_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, consumer_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX remote_state_consumers_by_consumer ON remote_state_consumers (consumer_id);

-- What runs have read of other workspaces: a row for each phase and state version, so that a run which reads without end adds to a number.
CREATE TABLE remote_state_reads (
    organization_id TEXT NOT NULL,
    -- what was read
    workspace_id TEXT NOT NULL,
    state_version_id TEXT NOT NULL,
    -- who read it
    consumer_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    phase_id TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    reads BIGINT NOT NULL,
    PRIMARY KEY (phase_id, state_version_id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, consumer_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX remote_state_reads_by_workspace ON remote_state_reads (workspace_id, last_at, phase_id);
