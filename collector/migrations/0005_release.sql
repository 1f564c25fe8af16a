-- Releases of the agent that the administrator put here; the program itself is a file in the data folder, named by its hash.
CREATE TABLE agent_release (
    version TEXT NOT NULL,
    target TEXT NOT NULL,
    -- The very text that was signed, and its minisign signature.
    manifest TEXT NOT NULL,
    signature TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (version, target)
);

-- Which version is offered to whom; no area: to all of them.
CREATE TABLE agent_offer (
    id TEXT PRIMARY KEY,
    version TEXT NOT NULL,
    area_id TEXT REFERENCES area (id) ON DELETE CASCADE,
    -- Percent of the devices.
    share BIGINT NOT NULL,
    offered_by TEXT NOT NULL,
    offered_at BIGINT NOT NULL
);
CREATE INDEX agent_offer_by_version ON agent_offer (version);

-- What a device was last offered, and how its last update ended. A device without a row does not update itself.
CREATE TABLE device_update (
    device_id TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    -- What its agent was built for; empty: it has not said.
    target TEXT NOT NULL,
    offered_version TEXT,
    asked_at BIGINT,
    version TEXT,
    outcome TEXT,
    detail TEXT NOT NULL,
    ended_at BIGINT
);
