-- Runs as many years of a busy unit leave them, by both engines: RUNS of fifteen events, all but one in twenty over.
-- The rows come without entries; the collector takes them into its ledger when it starts. NUMBERS is a query that gives n.
INSERT INTO run (id, folio, procedure_code, edition, title, step, step_role, step_since, outcome, touched, version,
    opened_at, updated_at, closed_at, sample, area_id, folded)
SELECT 'bench-' || substr('0000000' || n, -7, 7), 'BE/' || (2016 + n * 10 / RUNS) || '/' || substr('000000' || n, -6, 6),
    'corrective', 'EDITION', 'Equipo lento en la oficina ' || n,
    CASE WHEN n % 20 = 0 THEN '2' END, CASE WHEN n % 20 = 0 THEN 'head' END,
    CASE WHEN n % 20 = 0 THEN NOW_US - (RUNS - n) * 3000000000 + 14000000 END,
    CASE WHEN n % 20 = 0 THEN NULL ELSE 'completed' END, TRUE, 15,
    NOW_US - (RUNS - n) * 3000000000, NOW_US - (RUNS - n) * 3000000000 + 14000000,
    CASE WHEN n % 20 = 0 THEN NULL ELSE NOW_US - (RUNS - n) * 3000000000 + 14000000 END, FALSE,
    (SELECT id FROM area WHERE name = 'Área ' || (n % 20)),
    'be/' || (2016 + n * 10 / RUNS) || '/' || substr('000000' || n, -6, 6) || ' equipo lento en la oficina ' || n
FROM (NUMBERS) AS numbers (n);

INSERT INTO run_event (run_id, number, at, actor, person_id, role, kind, step, answer, note, evidence, data, hash)
SELECT 'bench-' || substr('0000000' || n, -7, 7), k, NOW_US - (RUNS - n) * 3000000000 + (k - 1) * 1000000,
    CASE WHEN k < 3 THEN 'Atalaya' ELSE 'Persona ' || (n % 20) END,
    CASE WHEN k < 3 THEN NULL ELSE (SELECT id FROM person WHERE login = 'persona' || (n % 20)) END,
    CASE WHEN k < 3 THEN 'machine' ELSE 'head' END,
    CASE k WHEN 1 THEN 'opened' WHEN 2 THEN 'alert_joined' ELSE 'noted' END, '2', NULL,
    CASE WHEN k = 2 THEN '' ELSE 'Se revisó el equipo con la persona que lo usa y se anotó lo que se encontró; vuelta ' || k END,
    CASE WHEN k = 2 THEN '{"rule":"antivirus_off","summary":"ClamAV está instalado pero no está en marcha.","source":"clamd","taken_at":"2026-01-01T00:00:00Z"}' END,
    '{}', ''
FROM (NUMBERS) AS numbers (n),
    (SELECT 1 AS k UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6
     UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11
     UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15) AS events;

-- What a database from before the ledger looks like; what the fresh one had appended is taken in again with the rest.
UPDATE run_event SET entry = NULL, entry_hash = NULL;
UPDATE audit SET entry = NULL, entry_hash = NULL;
UPDATE ledger_head SET entry = 0, hash = '', at = 0, adopted = FALSE;
