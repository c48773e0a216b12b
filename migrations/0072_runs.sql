-- The runs of an organization, newest first, without looking at those of its other workspaces one by one.
CREATE INDEX runs_by_organization ON runs (organization_id, created_at, id);
