-- The index of what all workspaces hold. `search_words` says on which shelf of which workspace a word stands: an organization's words lie
-- together, in the order of their bytes on both engines, so that whatever begins with a word is one stretch of the index. It only says where to
-- look: what is found is read again from its own row, so it points at none.
CREATE TABLE search_words (
    organization_id TEXT NOT NULL,
    -- the bytes of a word of small letters and digits
    word BYTEA NOT NULL,
    workspace_id TEXT NOT NULL,
    -- -1 is what the workspace says of itself: its name, its tags, the names of its outputs
    shelf BIGINT NOT NULL,
    PRIMARY KEY (organization_id, word, workspace_id, shelf)
);
CREATE INDEX search_words_own ON search_words (workspace_id) WHERE shelf = -1;

-- About a hundred instances of a workspace stand on a shelf, and what is known of each is a line `name=value` for each attribute that may be known.
-- NULL is not read yet.
ALTER TABLE state_resources ADD COLUMN shelf BIGINT NOT NULL DEFAULT 0;
ALTER TABLE state_resources ADD COLUMN attributes TEXT;
CREATE INDEX state_resources_by_shelf ON state_resources (workspace_id, shelf, address) WHERE to_sequence IS NULL;
-- what ended, and may have words in the index still: once it has none, its attributes are NULL
CREATE INDEX state_resources_ended ON state_resources (workspace_id, shelf, address, from_sequence)
    WHERE to_sequence IS NOT NULL AND attributes IS NOT NULL;

-- up to which state its words are in the index; -1 is none, -2 is a deleted one of which there are none any more
ALTER TABLE workspaces ADD COLUMN indexed_sequence BIGINT NOT NULL DEFAULT -1;
UPDATE workspaces SET indexed_sequence = -2 WHERE deleted_at IS NOT NULL;
-- whether the words of its name and tags are
ALTER TABLE workspaces ADD COLUMN named BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX workspaces_unindexed ON workspaces (id)
    WHERE (deleted_at IS NULL AND module_id IS NULL AND (NOT named OR indexed_sequence < state_sequence))
    OR (deleted_at IS NOT NULL AND indexed_sequence > -2);

-- whether the index holds attributes; NULL before anybody said so
ALTER TABLE sites ADD COLUMN index_attributes BOOLEAN;
