-- the version that this one goes back to
ALTER TABLE state_versions ADD COLUMN rollback_id TEXT;

-- What was deleted and can be taken back.
CREATE INDEX workspaces_deleted ON workspaces (organization_id, deleted_at) WHERE deleted_at IS NOT NULL;
