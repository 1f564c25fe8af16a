-- One hash chain over every event of a run and every administrative change: numbered from 1 without gaps over both
-- tables. Rows from before have no number until the collector takes them in, once, when it starts.
ALTER TABLE run_event ADD COLUMN entry BIGINT;
ALTER TABLE run_event ADD COLUMN entry_hash TEXT;
CREATE UNIQUE INDEX run_event_by_entry ON run_event (entry);

ALTER TABLE audit ADD COLUMN entry BIGINT;
ALTER TABLE audit ADD COLUMN entry_hash TEXT;
CREATE UNIQUE INDEX audit_by_entry ON audit (entry);

-- One row: the last entry of the chain.
CREATE TABLE ledger_head (
    id BIGINT PRIMARY KEY,
    entry BIGINT NOT NULL,
    hash TEXT NOT NULL,
    -- When the last entry was appended.
    at BIGINT NOT NULL,
    -- Whether rows from before the ledger have been taken in. From then on a row without a number is foreign.
    adopted BOOLEAN NOT NULL
);
INSERT INTO ledger_head (id, entry, hash, at, adopted)
    SELECT 1, 0, '', 0, NOT EXISTS (SELECT 1 FROM run_event) AND NOT EXISTS (SELECT 1 FROM audit);

-- Entries whose rows went with the sample municipality. Each batch is named by its digest, and an entry
-- `ledger.remove` of the chain bears witness to that digest.
CREATE TABLE ledger_removed (
    entry BIGINT PRIMARY KEY,
    entry_hash TEXT NOT NULL,
    batch TEXT NOT NULL,
    folio TEXT NOT NULL
);
