-- Several servers on one database.

-- What all of them have to agree on; one row.
CREATE TABLE sites (
    only_one BIGINT NOT NULL PRIMARY KEY CHECK (only_one = 1),
    -- which master key everything here is sealed with
    master_key_id TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What identifies the current state, so that judging the next one reads one row: on Postgres a row that was waited for is read anew, what
-- it is joined with is not.
ALTER TABLE workspaces ADD COLUMN state_serial BIGINT;
ALTER TABLE workspaces ADD COLUMN state_lineage TEXT;
ALTER TABLE workspaces ADD COLUMN state_md5 TEXT;
UPDATE workspaces SET
    state_serial = (SELECT s.serial FROM state_versions s WHERE s.id = workspaces.current_state_id),
    state_lineage = (SELECT s.lineage FROM state_versions s WHERE s.id = workspaces.current_state_id),
    state_md5 = (SELECT s.md5 FROM state_versions s WHERE s.id = workspaces.current_state_id)
    WHERE current_state_id IS NOT NULL;
