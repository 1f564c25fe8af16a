-- A LAN with its gateway and the provider of its internet, at a place. Empty text: not said.
CREATE TABLE network (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    site_id TEXT REFERENCES site (id),
    gateway TEXT NOT NULL,
    gateway_mac TEXT NOT NULL,
    provider TEXT NOT NULL,
    provider_phone TEXT NOT NULL,
    provider_contract TEXT NOT NULL,
    sample BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
);

-- The last gateway each PC told of, kept when its way is gone; empty: it never had one.
CREATE TABLE device_gateway (
    device_id TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    gateway TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);

-- The network a router, switch or printer is a part of; null: that of its place.
ALTER TABLE network_device ADD COLUMN network_id TEXT REFERENCES network (id) ON DELETE SET NULL;

-- Orders given from a run: how they end is evidence in it.
CREATE TABLE action_of_run (
    action_id TEXT PRIMARY KEY REFERENCES action (id) ON DELETE CASCADE,
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE
);
CREATE INDEX action_of_run_by_run ON action_of_run (run_id);

-- What the collector itself last saw of the addresses of a run: pages, and the domain of a mailbox.
CREATE TABLE address_check (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    -- page or mail.
    kind TEXT NOT NULL,
    position BIGINT NOT NULL,
    address TEXT NOT NULL,
    checked_at BIGINT NOT NULL,
    -- JSON.
    outcome TEXT NOT NULL,
    PRIMARY KEY (run_id, kind, position)
);
