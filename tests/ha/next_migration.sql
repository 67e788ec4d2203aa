-- SPDX-License-Identifier: Apache-2.0
--
-- What a next version may do to a schema that programs of this version go on using: add. A column
-- has a default or may be NULL; nothing that they name goes or means something else.
SET LOCAL lock_timeout = '5s';
ALTER TABLE runs ADD COLUMN next_note text;
ALTER TABLE runs ADD COLUMN next_weight int NOT NULL DEFAULT 7;
ALTER TABLE hypervisors ADD COLUMN next_rack text NOT NULL DEFAULT '';
ALTER TABLE log_heads ADD COLUMN next_seen timestamptz;
ALTER TABLE runner_env ADD COLUMN next_origin text;
CREATE INDEX runs_next ON runs (next_weight) WHERE next_note IS NOT NULL;
CREATE TABLE next_things (
    id     uuid PRIMARY KEY,
    run_id uuid REFERENCES runs ON DELETE CASCADE
);
GRANT SELECT, INSERT ON next_things TO errand_api;
