-- Files of runs, requests from the portal, and signatures by link. The files themselves lie in a folder, by their hash.

CREATE TABLE attachment (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    added_by TEXT NOT NULL,
    person_id TEXT REFERENCES person (id),
    scan TEXT NOT NULL
);
CREATE INDEX attachment_by_run ON attachment (run_id, created_at);
CREATE INDEX attachment_by_sha256 ON attachment (sha256);

-- What lets somebody without an account follow a run: the code is kept as an argon2id hash.
CREATE TABLE portal_request (
    run_id TEXT PRIMARY KEY REFERENCES run (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    service TEXT NOT NULL,
    -- The privacy notice that was shown, by the SHA-256 of its text.
    notice_sha256 TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What is said between the requester and the unit, beside the run's own record.
CREATE TABLE portal_message (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    from_requester BOOLEAN NOT NULL,
    author TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run_id, number)
);

-- Attempts per address and per folio, shared by all collectors, for the growing wait.
CREATE TABLE portal_attempt (
    subject TEXT PRIMARY KEY,
    attempts BIGINT NOT NULL,
    window_from BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL
);

-- A link by which one step of one run is signed, once.
CREATE TABLE signing_link (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    -- The run's version when the link was made: a step that comes again needs a new link.
    run_version BIGINT NOT NULL,
    text TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    signed_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX signing_link_by_run ON signing_link (run_id, created_at);

CREATE TABLE signature (
    id TEXT PRIMARY KEY,
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    step TEXT NOT NULL,
    link_id TEXT REFERENCES signing_link (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    post TEXT NOT NULL,
    -- Lines drawn, JSON; null: signed by typing the name and saying so.
    strokes TEXT,
    text TEXT NOT NULL,
    text_sha256 TEXT NOT NULL,
    signed_at BIGINT NOT NULL,
    address TEXT NOT NULL
);
CREATE INDEX signature_by_run ON signature (run_id, signed_at);
