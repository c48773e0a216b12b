-- Runners elsewhere: pools of agents, the tokens they come with, the agents themselves. Whatever belongs to no organization belongs to the
-- site: its runners execute what the runner inside the server would.

CREATE TABLE agent_pools (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- whether every workspace of the organization may use it
    organization_scoped BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (organization_id, id),
    UNIQUE (organization_id, name)
);

-- Who may use a pool that is not for everybody: workspaces, and all workspaces of projects, but for some.
CREATE TABLE agent_pool_scopes (
    pool_id TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    -- 'workspace', 'project' or 'excluded' (a workspace)
    kind TEXT NOT NULL,
    target_id TEXT NOT NULL,
    PRIMARY KEY (pool_id, kind, target_id),
    FOREIGN KEY (organization_id, pool_id) REFERENCES agent_pools (organization_id, id) ON DELETE CASCADE
);

CREATE TABLE agent_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL UNIQUE,
    organization_id TEXT,
    pool_id TEXT,
    description TEXT NOT NULL,
    created_by TEXT REFERENCES users (id) ON DELETE SET NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    FOREIGN KEY (organization_id, pool_id) REFERENCES agent_pools (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX agent_tokens_by_pool ON agent_tokens (pool_id, created_at);

CREATE TABLE agents (
    id TEXT NOT NULL PRIMARY KEY,
    organization_id TEXT,
    pool_id TEXT,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    -- of the program, and of the protocol that it speaks
    version TEXT NOT NULL,
    protocol BIGINT NOT NULL,
    slots BIGINT NOT NULL,
    -- 'idle', 'exited' or 'errored' (its protocol is not ours); whether it is busy is what its phases say
    status TEXT NOT NULL,
    -- rises with each start: what an earlier start still says is not listened to
    session BIGINT NOT NULL,
    last_ping_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    FOREIGN KEY (organization_id, pool_id) REFERENCES agent_pools (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX agents_by_pool ON agents (pool_id, created_at);

ALTER TABLE workspaces ADD COLUMN agent_pool_id TEXT REFERENCES agent_pools (id);

-- Whose agents may execute a phase: none is the site's. Decided when it is queued.
ALTER TABLE phases ADD COLUMN agent_pool_id TEXT;
-- Who executes it, and by which of its claims.
ALTER TABLE phases ADD COLUMN agent_id TEXT;
ALTER TABLE phases ADD COLUMN claim TEXT;
-- Since when nobody has heard of an apply whose engine may still be at work.
ALTER TABLE phases ADD COLUMN lost_at BIGINT;
CREATE INDEX phases_by_agent ON phases (agent_id) WHERE status = 'running';
