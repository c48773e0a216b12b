-- The keys between the master key and all others. The master key (a file, a setting, a key service) wraps these few; the one that is current
-- wraps the data keys. Who changes the master key wraps these again and nothing else; who rotates makes another one and wraps the data keys again.
--
-- A site from before this migration has none. Its first start afterwards makes its master key the first of them, for both purposes.

CREATE TABLE root_keys (
    -- 'tokens': hashes of tokens and signed addresses derive from it, and it never changes. 'data': wraps data keys
    purpose TEXT NOT NULL,
    -- follows from the key
    id TEXT NOT NULL,
    -- 'current', 'former' (wraps no more, but something may still be wrapped by it), 'retired' (nothing is)
    stage TEXT NOT NULL,
    -- which master key wrapped it, by its id, its ARN or its address
    master TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    -- since when it lies in an escrow that somebody asked for
    escrowed_at BIGINT,
    PRIMARY KEY (purpose, id)
);
CREATE UNIQUE INDEX root_keys_current ON root_keys (purpose) WHERE stage = 'current';
