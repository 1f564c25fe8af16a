-- The texts of the written procedures, every edition for ever: a run stays on the one it began with.
CREATE TABLE procedure_edition (
    code TEXT NOT NULL,
    edition TEXT NOT NULL,
    -- The file as it was checked, and its SHA-256 in lower-case hexadecimal.
    text TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    -- embedded: came with the program; own: added here.
    origin TEXT NOT NULL,
    added_by TEXT NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (code, edition)
);

-- The edition new runs of a procedure begin with.
CREATE TABLE procedure_in_use (
    code TEXT PRIMARY KEY,
    edition TEXT NOT NULL,
    FOREIGN KEY (code, edition) REFERENCES procedure_edition (code, edition)
);
