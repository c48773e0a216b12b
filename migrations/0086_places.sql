-- Where a version stands among those of its workspace, whatever the clock said: at twice its sequence, or right behind the one that was current when it came.
ALTER TABLE state_versions ADD COLUMN place BIGINT NOT NULL DEFAULT 0;
UPDATE state_versions SET place = COALESCE(2 * sequence, 1 + 2 * COALESCE((SELECT max(o.sequence) FROM state_versions o
    WHERE o.workspace_id = state_versions.workspace_id AND o.created_at <= state_versions.created_at), 0));
CREATE INDEX state_versions_by_place ON state_versions (workspace_id, place, created_at, id);
