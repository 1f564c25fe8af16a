-- One sequence for SQLite and PostgreSQL: TEXT, BIGINT, DOUBLE PRECISION and BOOLEAN only.
-- Ids are UUIDv7 as text, instants microseconds since 1970 UTC, JSON is text.

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- Bumped in the transaction that changed the subject; whoever watches re-reads.
CREATE TABLE change_counter (
    subject TEXT PRIMARY KEY,
    counter BIGINT NOT NULL
);

CREATE TABLE lease (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE TABLE site (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    sample BOOLEAN NOT NULL
);

CREATE TABLE area (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    site_id TEXT REFERENCES site (id),
    sample BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE area_permitted_port (
    area_id TEXT NOT NULL REFERENCES area (id) ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    port BIGINT NOT NULL,
    PRIMARY KEY (area_id, protocol, port)
);

CREATE TABLE person (
    id TEXT PRIMARY KEY,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    administrator BOOLEAN NOT NULL,
    password_hash TEXT,
    created_at BIGINT NOT NULL,
    disabled_at BIGINT
);

CREATE TABLE login_link (
    secret_hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);

CREATE TABLE web_session (
    secret_hash TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);

-- Failed sign-ins per login and per address, for the growing wait.
CREATE TABLE login_failure (
    subject TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
);

CREATE TABLE api_token (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    scope TEXT NOT NULL,
    secret_hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE device (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    area_id TEXT REFERENCES area (id),
    status TEXT NOT NULL,
    hostname TEXT NOT NULL,
    os TEXT NOT NULL,
    machine_id TEXT NOT NULL,
    manufacturer TEXT NOT NULL,
    model TEXT NOT NULL,
    serial TEXT NOT NULL,
    agent_version TEXT NOT NULL,
    enrolled_at BIGINT NOT NULL,
    sample BOOLEAN NOT NULL
);
CREATE INDEX device_area ON device (area_id);

CREATE TABLE enrolment_code (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    area_id TEXT REFERENCES area (id),
    network TEXT,
    approve BOOLEAN NOT NULL,
    sample BOOLEAN NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    spent_at BIGINT,
    spent_key_hash TEXT,
    device_id TEXT REFERENCES device (id) ON DELETE CASCADE
);

CREATE TABLE certificate (
    serial TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    generation BIGINT NOT NULL,
    key_hash TEXT NOT NULL,
    state TEXT NOT NULL,
    not_after BIGINT NOT NULL,
    der TEXT NOT NULL,
    UNIQUE (device_id, generation)
);

-- How far each epoch of a device's records is stored: the key of exactly-once.
CREATE TABLE device_stream (
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    last_hash TEXT NOT NULL,
    PRIMARY KEY (device_id, epoch)
);

CREATE TABLE device_gap (
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,
    first_seq BIGINT NOT NULL,
    last_seq BIGINT NOT NULL,
    lost BIGINT NOT NULL,
    record_class TEXT NOT NULL,
    reason TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, epoch, first_seq, record_class, reason)
);

CREATE TABLE dead_letter (
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    epoch BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (device_id, epoch, seq)
);

-- One row per device, rewritten by every batch: liveness by the collector's clock.
CREATE TABLE device_live (
    device_id TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    last_seen_at BIGINT NOT NULL,
    last_taken_at BIGINT NOT NULL,
    clock_skew_us BIGINT NOT NULL,
    -- "antivirus:12,firewall:60": seconds before last_taken_at at which each unchanged section was looked at.
    unchanged TEXT NOT NULL
);

-- One wide row per report. taken_at is the agent's clock corrected by its measured skew.
CREATE TABLE sample (
    device_number BIGINT NOT NULL,
    taken_at BIGINT NOT NULL,
    cpu_permille BIGINT,
    memory_permille BIGINT,
    swap_permille BIGINT,
    volume_free_permille BIGINT,
    drive_temperature_c BIGINT,
    uptime_s BIGINT,
    loss_permille BIGINT,
    rtt_median_us BIGINT,
    rtt_p95_us BIGINT,
    jitter_us BIGINT,
    gateway_rtt_us BIGINT,
    listening_ports BIGINT,
    PRIMARY KEY (device_number, taken_at)
);

-- Current state: one row per device and section.
CREATE TABLE section (
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    taken_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (device_id, kind)
);

-- What the rules say of a device: the worst verdict per section, and where each rule stands (JSON).
CREATE TABLE health (
    device_id TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    antivirus TEXT NOT NULL,
    firewall TEXT NOT NULL,
    disk TEXT NOT NULL,
    connectivity TEXT NOT NULL,
    system TEXT NOT NULL,
    standings TEXT NOT NULL,
    evaluated_at BIGINT NOT NULL
);

CREATE TABLE folio_counter (
    series TEXT NOT NULL,
    year BIGINT NOT NULL,
    last BIGINT NOT NULL,
    PRIMARY KEY (series, year)
);

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    folio TEXT NOT NULL UNIQUE,
    procedure_code TEXT NOT NULL,
    edition TEXT NOT NULL,
    device_id TEXT REFERENCES device (id) ON DELETE CASCADE,
    area_id TEXT REFERENCES area (id),
    title TEXT NOT NULL,
    step TEXT,
    outcome TEXT,
    touched BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT,
    -- Since when no alert of the run has been open; null while one is.
    clear_since BIGINT,
    sample BOOLEAN NOT NULL
);
CREATE INDEX run_by_update ON run (updated_at);
CREATE INDEX run_by_device ON run (device_id);
-- One open corrective run per device: several alerts join it.
CREATE UNIQUE INDEX run_open_corrective ON run (device_id)
    WHERE closed_at IS NULL AND procedure_code = 'corrective';

CREATE TABLE run_event (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    person_id TEXT REFERENCES person (id),
    role TEXT NOT NULL,
    kind TEXT NOT NULL,
    step TEXT,
    answer BOOLEAN,
    note TEXT NOT NULL,
    evidence TEXT,
    hash TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
);

CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    severity TEXT NOT NULL,
    summary TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    cleared_at BIGINT,
    reopened BIGINT NOT NULL,
    run_id TEXT REFERENCES run (id) ON DELETE SET NULL
);
CREATE UNIQUE INDEX alert_open ON alert (rule, device_id) WHERE cleared_at IS NULL;
CREATE INDEX alert_by_device ON alert (device_id);
CREATE INDEX alert_by_update ON alert (updated_at);
CREATE INDEX alert_by_run ON alert (run_id);

CREATE TABLE action (
    id TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    requested_at BIGINT NOT NULL,
    sent_at BIGINT,
    outcome TEXT,
    detail TEXT NOT NULL,
    finished_at BIGINT
);
CREATE INDEX action_by_device ON action (device_id);

-- Administrative changes in a hash chain; run events have a chain per run.
CREATE TABLE audit (
    number BIGINT PRIMARY KEY,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash TEXT NOT NULL
);
