-- What an area decided about the ports of its PCs; areas without a row follow the configuration.
CREATE TABLE area_firewall_policy (
    area_id TEXT PRIMARY KEY REFERENCES area (id) ON DELETE CASCADE,
    -- Whether the ports of the configuration are permitted too.
    with_common BOOLEAN NOT NULL,
    updated_by TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE area_policy_port (
    area_id TEXT NOT NULL REFERENCES area_firewall_policy (area_id) ON DELETE CASCADE,
    protocol TEXT NOT NULL,
    first_port BIGINT NOT NULL,
    last_port BIGINT NOT NULL,
    -- A network, or empty: anybody.
    source TEXT NOT NULL,
    PRIMARY KEY (area_id, protocol, first_port, last_port, source)
);

INSERT INTO area_firewall_policy (area_id, with_common, updated_by, updated_at)
    SELECT DISTINCT area_id, TRUE, 'Atalaya', 0 FROM area_permitted_port;
INSERT INTO area_policy_port (area_id, protocol, first_port, last_port, source)
    SELECT area_id, protocol, port, port, '' FROM area_permitted_port;
DROP TABLE area_permitted_port;

-- Routers, access points, switches and printers that PCs look at. Each is a device without an agent, so that its alerts,
-- runs and history are those of any device.
CREATE TABLE network_device (
    device_id TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    -- icmp or tcp.
    probe TEXT NOT NULL,
    address TEXT NOT NULL,
    site_id TEXT REFERENCES site (id),
    -- What the PCs that watch it say together: up, down or unknown, and since when.
    state TEXT NOT NULL,
    state_since BIGINT NOT NULL
);

CREATE TABLE network_device_watcher (
    network_device_id TEXT NOT NULL REFERENCES network_device (device_id) ON DELETE CASCADE,
    watcher_id TEXT NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    PRIMARY KEY (network_device_id, watcher_id)
);
CREATE INDEX network_device_by_watcher ON network_device_watcher (watcher_id);

-- Administrator accounts of a PC that somebody knows of: those found at first, and those a person accepted (JSON list).
CREATE TABLE accepted_administrators (
    device_id TEXT PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    names TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);
