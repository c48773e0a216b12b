-- What a run proves itself with: keys that sign its identity, SSH keys for modules, and the hooks that surround it. Each sealed value has a
-- data key of its own beside it, wrapped by the master key, since it belongs to no workspace.

CREATE TABLE identity_keys (
    -- what tokens call it by: its thumbprint
    id TEXT NOT NULL PRIMARY KEY,
    -- 'next' (published only), 'current' (signs), 'retired' (published only)
    stage TEXT NOT NULL,
    modulus TEXT NOT NULL,
    exponent TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    retired_at BIGINT
);
CREATE UNIQUE INDEX identity_keys_by_stage ON identity_keys (stage) WHERE stage <> 'retired';

CREATE TABLE ssh_keys (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, id)
);
CREATE INDEX ssh_keys_by_organization ON ssh_keys (organization_id, name, id);

CREATE TABLE workspace_ssh_keys (
    workspace_id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    ssh_key_id TEXT NOT NULL,
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE,
    FOREIGN KEY (organization_id, ssh_key_id) REFERENCES ssh_keys (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE hooks (
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    -- 'pre-plan', 'post-plan', 'pre-apply', 'post-apply'
    point TEXT NOT NULL,
    wrapped BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (organization_id, point)
);
