-- What the bytes of a state are, told by a hash that nobody can make two of: hexadecimal. Versions from before this have none.
ALTER TABLE state_versions ADD COLUMN sha256 TEXT;

-- Removing a blob asks who points at it, and checking one too.
CREATE INDEX state_versions_by_blob ON state_versions (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX state_versions_by_json_blob ON state_versions (json_blob_id) WHERE json_blob_id IS NOT NULL;
CREATE INDEX configuration_versions_by_blob ON configuration_versions (blob_id) WHERE blob_id IS NOT NULL;
CREATE INDEX artifacts_by_blob ON artifacts (blob_id);
