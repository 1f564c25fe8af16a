-- Who uses an identity, and what people decided where that was not clear.

-- Starts of a device's service, the newest few: by them two PCs with one identity are told from one that restarts.
CREATE TABLE device_start (
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    start_id BIGINT NOT NULL,
    -- 0: none, or not known.
    previous_id BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    -- When it last took the place of another start.
    arrived_at BIGINT NOT NULL,
    address TEXT NOT NULL,
    certificate_serial TEXT NOT NULL,
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    machine_id TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    PRIMARY KEY (device_id, start_id)
);

-- Two PCs with one identity: noticed, settled by a person, over once the kept one has a certificate of its own.
CREATE TABLE identity_conflict (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    found_at BIGINT NOT NULL,
    sign TEXT NOT NULL,
    settled_at BIGINT,
    kept_start_id BIGINT,
    rekeyed_at BIGINT
);
CREATE INDEX identity_conflict_by_device ON identity_conflict (device_id);
CREATE UNIQUE INDEX identity_conflict_open ON identity_conflict (device_id) WHERE rekeyed_at IS NULL;

-- A new device that may be a known one, installed again. decision: proposed, merged or apart.
CREATE TABLE likeness (
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    known_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    -- What is alike: serial, machine_id, with a space between.
    marks TEXT NOT NULL,
    found_at BIGINT NOT NULL,
    decision TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT NOT NULL,
    PRIMARY KEY (device_id, known_id)
);
CREATE INDEX likeness_by_known ON likeness (known_id);
CREATE INDEX device_by_machine_id ON device (lower(machine_id));
CREATE INDEX device_by_serial ON device (lower(trim(serial)));
