-- How often the names of an organization's listed workspaces changed: whoever keeps them in memory sees by it whether they still are so.
-- Whoever makes, renames, deletes or takes back a workspace changes it in the same transaction.
ALTER TABLE organizations ADD COLUMN listing_version BIGINT NOT NULL DEFAULT 0;
