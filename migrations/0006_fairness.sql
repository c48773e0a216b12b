-- The order of the queue (domain::queue): urgency, weighted shares of organizations, and limits of their own.

-- 0 applies, 1 plans that hold their workspace, 2 plans to be saved, 3 speculative plans
ALTER TABLE phases ADD COLUMN priority BIGINT NOT NULL DEFAULT 1;
UPDATE phases SET priority = 0 WHERE kind = 'apply';
UPDATE phases SET priority = 2 WHERE kind = 'plan' AND (SELECT r.save_plan FROM runs r WHERE r.id = phases.run_id);
UPDATE phases SET priority = 3 WHERE kind = 'plan' AND (SELECT r.plan_only FROM runs r WHERE r.id = phases.run_id);
-- the virtual time at which it was offered
ALTER TABLE phases ADD COLUMN entered BIGINT NOT NULL DEFAULT 0;

DROP INDEX phases_queued;
CREATE INDEX phases_queued ON phases ((coalesce(agent_pool_id, '')), organization_id, priority, queued_at, id) WHERE status = 'queued';
CREATE INDEX phases_running_beside ON phases (workspace_id) WHERE status = 'running' AND priority >= 2;

-- How many phases may run at once; none is as many as the server's setting says. Until now each organization had a copy of that setting.
ALTER TABLE organizations DROP COLUMN run_limit;
ALTER TABLE organizations ADD COLUMN run_limit BIGINT;
-- its part of the runners, in proportion to the others'
ALTER TABLE organizations ADD COLUMN run_weight BIGINT NOT NULL DEFAULT 1;
-- how far what it was given has moved it along the virtual time
ALTER TABLE organizations ADD COLUMN served BIGINT NOT NULL DEFAULT 0;

-- How many plans may run at once beside the run that holds the workspace; none is as many as the server's setting says.
ALTER TABLE workspaces ADD COLUMN plan_limit BIGINT;

-- The virtual time of the queue: one row, held by whoever hands out a phase.
CREATE TABLE queue_clock (
    id BIGINT NOT NULL PRIMARY KEY,
    virtual_time BIGINT NOT NULL
);
INSERT INTO queue_clock (id, virtual_time) VALUES (1, 0);
