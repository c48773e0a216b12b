-- The workspaces of an organization by name: what a list counts and searches, read from the index alone.
CREATE INDEX workspaces_listed ON workspaces (organization_id, name, id) WHERE deleted_at IS NULL AND module_id IS NULL;
