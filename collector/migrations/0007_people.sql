-- People with several roles, in some areas or in all, how they are reached, and a second factor.

CREATE TABLE person_role (
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (person_id, role)
);
INSERT INTO person_role (person_id, role) SELECT id, role FROM person;
ALTER TABLE person DROP COLUMN role;

-- False: only in the areas of person_area, also when none of them is left.
ALTER TABLE person ADD COLUMN everywhere BOOLEAN NOT NULL DEFAULT TRUE;
CREATE TABLE person_area (
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    area_id TEXT NOT NULL REFERENCES area (id) ON DELETE CASCADE,
    PRIMARY KEY (person_id, area_id)
);

ALTER TABLE person ADD COLUMN email TEXT;
ALTER TABLE person ADD COLUMN phone TEXT;
ALTER TABLE person ADD COLUMN unit TEXT;
ALTER TABLE person ADD COLUMN post TEXT;
-- Login, name, e-mail and unit without accents, for searching; null until the collector next starts.
ALTER TABLE person ADD COLUMN folded TEXT;

-- The link also takes the second factor away: the telephone is lost.
ALTER TABLE login_link ADD COLUMN resets_totp BOOLEAN NOT NULL DEFAULT FALSE;

-- Where a session was begun from, in what browser, and whether it still waits for the second factor.
ALTER TABLE web_session ADD COLUMN address TEXT NOT NULL DEFAULT '';
ALTER TABLE web_session ADD COLUMN browser TEXT NOT NULL DEFAULT '';
ALTER TABLE web_session ADD COLUMN awaits_code BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX web_session_by_person ON web_session (person_id);

CREATE TABLE person_totp (
    person_id TEXT PRIMARY KEY REFERENCES person (id) ON DELETE CASCADE,
    -- The secret, sealed with the key in the data folder.
    sealed TEXT NOT NULL,
    -- Null until a first code proved that the telephone has the secret.
    enrolled_at BIGINT,
    -- Number of the last half minute whose code was taken: none is taken twice.
    last_step BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    person_id TEXT NOT NULL REFERENCES person (id) ON DELETE CASCADE,
    code_hash TEXT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (person_id, code_hash)
);
