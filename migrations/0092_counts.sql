-- How many workspaces of an organization are listed: whoever looks at a page of them is told how many there are, and nobody counts ten thousand for it.
-- Whoever makes, deletes or takes back a workspace changes it in the same transaction.
ALTER TABLE organizations ADD COLUMN workspace_count BIGINT NOT NULL DEFAULT 0;
UPDATE organizations SET workspace_count = (
    SELECT count(*) FROM workspaces w
    WHERE w.organization_id = organizations.id AND w.deleted_at IS NULL AND w.module_id IS NULL
);
