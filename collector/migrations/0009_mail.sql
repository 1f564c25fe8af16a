-- Notices by e-mail: what is to be sent and what became of it, their texts, and who does not want which.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    created_at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    run_id TEXT REFERENCES run (id) ON DELETE CASCADE,
    person_id TEXT REFERENCES person (id) ON DELETE SET NULL,
    -- Empty: nobody knew an address (state unaddressed).
    to_address TEXT NOT NULL,
    to_name TEXT NOT NULL,
    subject TEXT NOT NULL,
    -- Empty once it was sent: it may hold a link that only its reader should have.
    body_text TEXT NOT NULL,
    -- What caused it and for whom: the same is never queued twice.
    dedupe_key TEXT NOT NULL UNIQUE,
    -- Given at queueing, so that every attempt is the same message.
    message_id TEXT NOT NULL,
    -- queued, sending, sent, uncertain, given_up or unaddressed.
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    -- Which collector is sending it.
    claimed_by TEXT,
    -- When the server was about to be given the text; null: it cannot have it.
    handed_at BIGINT,
    last_error TEXT,
    sent_at BIGINT
);
CREATE INDEX outbox_by_state ON outbox (state, next_at);
CREATE INDEX outbox_by_run ON outbox (run_id);

-- Every text a kind of notice ever had; the highest edition holds.
CREATE TABLE mail_template (
    kind TEXT NOT NULL,
    edition BIGINT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (kind, edition)
);

-- Kinds of notices a person does not want.
CREATE TABLE mail_mute (
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    PRIMARY KEY (person_id, kind)
);

-- What the collector that serves was configured with, for whoever queues and for the page. Never a password.
CREATE TABLE mail_setting (
    id BIGINT PRIMARY KEY,
    enabled BOOLEAN NOT NULL,
    web_url TEXT NOT NULL,
    server TEXT NOT NULL,
    port BIGINT NOT NULL,
    security TEXT NOT NULL,
    account TEXT NOT NULL,
    sender TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    written_at BIGINT NOT NULL
);
