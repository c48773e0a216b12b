-- A version of a state that is no longer current may lie as what it differs in from another version of its workspace. The base is checked when
-- the transaction ends, so that rows can be put back in any order.
ALTER TABLE blobs ADD COLUMN base_blob_id TEXT REFERENCES blobs (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX blobs_by_base ON blobs (base_blob_id) WHERE base_blob_id IS NOT NULL;

-- whether its bytes lie as they will stay
ALTER TABLE state_versions ADD COLUMN settled BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX state_versions_unsettled ON state_versions (workspace_id, sequence) WHERE NOT settled;

-- the version that this one goes back to
ALTER TABLE state_versions ADD COLUMN rollback_id TEXT;

-- What was deleted and can be taken back.
CREATE INDEX workspaces_deleted ON workspaces (organization_id, deleted_at) WHERE deleted_at IS NOT NULL;
