-- What the current state of a workspace uses: a row for each provider and each module that it names, so that nobody reads a million instances to
-- tell.
CREATE TABLE workspace_uses (
    workspace_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    -- 'provider' or 'module'
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    source TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (workspace_id, kind, name, source, version),
    FOREIGN KEY (organization_id, workspace_id) REFERENCES workspaces (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX workspace_uses_by_name ON workspace_uses (organization_id, kind, name, source, version);
