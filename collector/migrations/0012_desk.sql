-- The list of the Mesa de Ayuda: open runs by who has them and how they stand, closed ones by their end.
CREATE INDEX run_open ON run (assignee_id, waiting, step_due_at, due_at, area_id, procedure_code, step_role, priority)
    WHERE closed_at IS NULL;
CREATE INDEX run_closed ON run (closed_at) WHERE closed_at IS NOT NULL;
-- What the clock looks for.
CREATE INDEX run_step_due ON run (step_due_at) WHERE step_due_at IS NOT NULL;
CREATE INDEX run_due ON run (due_at) WHERE due_at IS NOT NULL;

-- What was already done about a deadline that passed: each level once for each time a run stands at a step.
CREATE TABLE escalation (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    -- step, step_twice or run.
    level TEXT NOT NULL,
    -- Since when the run stands at its step; when it began, for level run.
    since BIGINT NOT NULL,
    at BIGINT NOT NULL,
    -- When level step_twice is to be looked at; null: never.
    next_at BIGINT,
    PRIMARY KEY (run_id, level, since)
);
CREATE INDEX escalation_by_next ON escalation (next_at) WHERE next_at IS NOT NULL;
