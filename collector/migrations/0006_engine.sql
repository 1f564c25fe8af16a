-- What the engine keeps of a run beside its step: whom it waits for, its clock, what it walks.
ALTER TABLE run ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
ALTER TABLE run ADD COLUMN assignee_id TEXT REFERENCES person (id);
ALTER TABLE run ADD COLUMN waiting TEXT;
ALTER TABLE run ADD COLUMN waiting_since BIGINT;
ALTER TABLE run ADD COLUMN waiting_note TEXT NOT NULL DEFAULT '';
-- The role the present step belongs to; null once it is over.
ALTER TABLE run ADD COLUMN step_role TEXT;
ALTER TABLE run ADD COLUMN step_since BIGINT;
-- Working-time deadlines; null while it waits, then what is left of them is kept in seconds.
ALTER TABLE run ADD COLUMN step_due_at BIGINT;
ALTER TABLE run ADD COLUMN due_at BIGINT;
ALTER TABLE run ADD COLUMN step_left_s BIGINT;
ALTER TABLE run ADD COLUMN left_s BIGINT;
-- The present area or network by its position, and the present PC.
ALTER TABLE run ADD COLUMN subject BIGINT;
ALTER TABLE run ADD COLUMN present_device_id TEXT REFERENCES device (id) ON DELETE SET NULL;
-- The rejected run it takes up again; the run it is a part of.
ALTER TABLE run ADD COLUMN restarts_id TEXT REFERENCES run (id) ON DELETE SET NULL;
ALTER TABLE run ADD COLUMN parent_id TEXT REFERENCES run (id) ON DELETE SET NULL;
ALTER TABLE run ADD COLUMN requester_name TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN requester_contact TEXT NOT NULL DEFAULT '';
ALTER TABLE run ADD COLUMN requester_id TEXT REFERENCES person (id);
-- Values given so far, by the name of their field (JSON).
ALTER TABLE run ADD COLUMN field_values TEXT NOT NULL DEFAULT '{}';
-- Folio, title and requester for searching: lower case, without accents.
ALTER TABLE run ADD COLUMN folded TEXT NOT NULL DEFAULT '';
CREATE INDEX run_by_parent ON run (parent_id);
CREATE INDEX run_by_restarted ON run (restarts_id);
UPDATE run SET folded = lower(folio || ' ' || title);

-- What an event changed (JSON): enough to rebuild the run.
ALTER TABLE run_event ADD COLUMN data TEXT NOT NULL DEFAULT '{}';

-- The areas or networks a run walks.
CREATE TABLE run_subject (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    -- area or network.
    kind TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A day, 2026-11-22.
    planned_on TEXT,
    done_at BIGINT,
    PRIMARY KEY (run_id, position)
);

-- The PCs of those areas.
CREATE TABLE run_device (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    -- Lines of the checklist (JSON).
    checks TEXT NOT NULL DEFAULT '{}',
    -- The readings before and after (JSON).
    before_reading TEXT,
    after_reading TEXT,
    note TEXT NOT NULL DEFAULT '',
    carried_to TEXT,
    updated_at BIGINT,
    PRIMARY KEY (run_id, position, device_id)
);
CREATE INDEX run_device_by_device ON run_device (device_id);
