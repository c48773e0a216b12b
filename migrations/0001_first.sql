-- The first shape of the store. Valid on SQLite and on Postgres alike: ids are TEXT, moments are microseconds since 1970 (BIGINT), sealed
-- bytes are BYTEA, lists and maps are JSON in TEXT. Every tenant row carries its organization, and points at other tenant rows together
-- with it, so that no row of one tenant can point at another's.

CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT,
    site_admin BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- A link that lets the first person in. There is at most one.
CREATE TABLE setups (
    hash BYTEA NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

CREATE TABLE sessions (
    hash BYTEA NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE organizations (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL,
    run_limit BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL
);

CREATE TABLE memberships (
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX memberships_by_user ON memberships (user_id);

CREATE TABLE projects (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    is_default BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);

CREATE TABLE workspaces (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    project_id TEXT NOT NULL,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    execution_mode TEXT NOT NULL,
    engine TEXT NOT NULL,
    terraform_version TEXT NOT NULL,
    working_directory TEXT NOT NULL,
    auto_apply BOOLEAN NOT NULL,
    -- the tags once more, as JSON, so that a workspace is one row to read
    tag_list TEXT NOT NULL,
    -- the lock: 'run', 'http' or 'cloud', and who holds it
    lock_kind TEXT,
    lock_user_id TEXT,
    lock_run_id TEXT,
    lock_client_id TEXT,
    lock_info TEXT,
    lock_reason TEXT,
    locked_at BIGINT,
    current_run_id TEXT,
    current_state_id TEXT,
    -- the sequence of the current state; 0 is none
    state_sequence BIGINT NOT NULL,
    -- rises with each claim of one of its phases
    fence BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    deleted_at BIGINT,
    version BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id)
);
CREATE UNIQUE INDEX workspaces_by_name ON workspaces (organization_id, name) WHERE deleted_at IS NULL;

-- The key that seals what a workspace keeps, itself sealed by the master key.
CREATE TABLE data_keys (
    workspace_id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE tags (
    workspace_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (workspace_id, key),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX tags_by_key ON tags (organization_id, key);

CREATE TABLE variables (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    category TEXT NOT NULL,
    key TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    hcl BOOLEAN NOT NULL,
    sensitive BOOLEAN NOT NULL,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (workspace_id, category, key),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);

-- Sealed bytes: small ones here, larger ones in the object store under their key.
CREATE TABLE blobs (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    size BIGINT NOT NULL,
    sealed BYTEA,
    object_key TEXT,
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE configuration_versions (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    status TEXT NOT NULL,
    source TEXT NOT NULL,
    speculative BOOLEAN NOT NULL,
    provisional BOOLEAN NOT NULL,
    auto_queue_runs BOOLEAN NOT NULL,
    error_message TEXT,
    blob_id TEXT REFERENCES blobs (id),
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX configuration_versions_by_workspace ON configuration_versions (workspace_id, created_at);

CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    configuration_version_id TEXT NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    source TEXT NOT NULL,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    is_destroy BOOLEAN NOT NULL,
    refresh BOOLEAN NOT NULL,
    refresh_only BOOLEAN NOT NULL,
    plan_only BOOLEAN NOT NULL,
    save_plan BOOLEAN NOT NULL,
    auto_apply BOOLEAN NOT NULL,
    allow_empty_apply BOOLEAN NOT NULL,
    generate_config BOOLEAN NOT NULL,
    json_log BOOLEAN NOT NULL,
    targets TEXT NOT NULL,
    replaces TEXT NOT NULL,
    -- the run's own variables: sealed JSON
    variables BYTEA,
    -- what the plan found
    has_changes BOOLEAN NOT NULL,
    -- the exact version that planned
    terraform_version TEXT,
    cancel_asked_at BIGINT,
    -- why it waits, or how it ended, in a sentence
    reason TEXT,
    -- status-timestamps: JSON, key to RFC 3339
    timestamps TEXT NOT NULL,
    final BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, configuration_version_id) REFERENCES configuration_versions (organization_id, id)
);
CREATE INDEX runs_by_workspace ON runs (workspace_id, created_at, id);
CREATE INDEX runs_open ON runs (organization_id, created_at, id) WHERE NOT final;
CREATE INDEX runs_open_by_workspace ON runs (workspace_id, created_at, id) WHERE NOT final;

-- A plan or an apply: offered to the runners while it is queued, a lease while it runs.
CREATE TABLE phases (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    queued_at BIGINT,
    started_at BIGINT,
    finished_at BIGINT,
    -- the lease
    fence BIGINT NOT NULL,
    lease_until BIGINT,
    -- how often it was claimed
    attempts BIGINT NOT NULL,
    wish TEXT NOT NULL,
    token_hash BYTEA UNIQUE,
    -- what it found or did
    additions BIGINT NOT NULL,
    changes BIGINT NOT NULL,
    destructions BIGINT NOT NULL,
    imports BIGINT NOT NULL,
    generated_configuration BOOLEAN NOT NULL,
    -- how many bytes its log has
    log_end BIGINT NOT NULL,
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX phases_by_run ON phases (run_id);
CREATE INDEX phases_queued ON phases (queued_at, id) WHERE status = 'queued';
CREATE INDEX phases_running ON phases (organization_id, lease_until) WHERE status = 'running';

CREATE TABLE artifacts (
    phase_id TEXT NOT NULL REFERENCES phases (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    blob_id TEXT NOT NULL REFERENCES blobs (id),
    PRIMARY KEY (phase_id, kind)
);

CREATE TABLE log_chunks (
    phase_id TEXT NOT NULL REFERENCES phases (id) ON DELETE CASCADE,
    start BIGINT NOT NULL,
    length BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (phase_id, start)
);

CREATE TABLE state_versions (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    workspace_id TEXT NOT NULL,
    -- our own count, given when a version becomes current; one that never did has none
    sequence BIGINT,
    parent_id TEXT,
    status TEXT NOT NULL,
    serial BIGINT NOT NULL,
    lineage TEXT NOT NULL,
    md5 TEXT NOT NULL,
    size BIGINT NOT NULL,
    forced BOOLEAN NOT NULL,
    terraform_version TEXT NOT NULL,
    format BIGINT NOT NULL,
    resource_count BIGINT NOT NULL,
    blob_id TEXT REFERENCES blobs (id),
    json_blob_id TEXT REFERENCES blobs (id),
    run_id TEXT,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (workspace_id, sequence),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX state_versions_by_workspace ON state_versions (workspace_id, created_at, id);

-- The outputs of a state version, without their values: those stay sealed in the state.
CREATE TABLE state_outputs (
    id TEXT NOT NULL PRIMARY KEY,
    state_version_id TEXT NOT NULL REFERENCES state_versions (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    UNIQUE (state_version_id, name)
);

-- Which resource instances a workspace had from which state to which: a row per change, not per state.
CREATE TABLE state_resources (
    workspace_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    address TEXT NOT NULL,
    from_sequence BIGINT NOT NULL,
    to_sequence BIGINT,
    type TEXT NOT NULL,
    module TEXT NOT NULL,
    provider TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (workspace_id, address, from_sequence),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX state_resources_now ON state_resources (workspace_id, address) WHERE to_sequence IS NULL;

CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    description TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX tokens_by_user ON tokens (user_id);
