-- The sweep asks which objects a row points at, some hundred at once: without this, each time through all blobs.
CREATE INDEX blobs_by_object ON blobs (object_key) WHERE object_key IS NOT NULL;
