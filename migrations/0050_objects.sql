-- The sweep asks which objects a row points at, some hundred at once: without this, each time through all blobs.
CREATE INDEX blobs_by_object ON blobs (object_key) WHERE object_key IS NOT NULL;

-- How often the object store was swept. The store knows it too: one that was swept more often belongs to a later database than this one, whose
-- objects would be taken for orphans.
ALTER TABLE sites ADD COLUMN sweeps BIGINT NOT NULL DEFAULT 0;
