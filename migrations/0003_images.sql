-- Runs in containers: which image a workspace (or all of an organization) wants, empty for that of the site, and which one a phase had.
ALTER TABLE organizations ADD COLUMN image TEXT NOT NULL DEFAULT '';
ALTER TABLE workspaces ADD COLUMN image TEXT NOT NULL DEFAULT '';
ALTER TABLE phases ADD COLUMN image TEXT;
ALTER TABLE phases ADD COLUMN image_digest TEXT;
