-- What an action is to do (JSON), until when it may be begun, and what its agent proved (JSON).
ALTER TABLE action ADD COLUMN parameters TEXT NOT NULL DEFAULT '{}';
ALTER TABLE action ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE action ADD COLUMN evidence TEXT;
CREATE INDEX action_open ON action (requested_at) WHERE finished_at IS NULL;
