-- What people said of a run, and who decided about it.

ALTER TABLE runs ADD COLUMN confirmed_by TEXT REFERENCES users (id) ON DELETE SET NULL;
-- who canceled or discarded it
ALTER TABLE runs ADD COLUMN canceled_by TEXT REFERENCES users (id) ON DELETE SET NULL;

CREATE TABLE comments (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    body TEXT NOT NULL,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (organization_id, run_id) REFERENCES runs (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX comments_by_run ON comments (run_id, created_at, id);
