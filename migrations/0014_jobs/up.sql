-- Long work, done in steps (a step is one transaction, which writes down how far it came).
CREATE TABLE jobs (
    id          BYTEA PRIMARY KEY,
    site_id     BYTEA REFERENCES sites (id),    -- null: of the whole service
    kind        TEXT NOT NULL,
    state       TEXT NOT NULL,                  -- waiting, running, done, cancelled or failed
    arguments   TEXT NOT NULL,                  -- JSON
    cursor      TEXT,                           -- where the next step begins
    done        BIGINT NOT NULL DEFAULT 0,      -- how many pieces are done
    total       BIGINT,                         -- how many there are; null: nobody knows yet
    result      TEXT,                           -- JSON
    error       TEXT,                           -- a stable code
    detail      TEXT,                           -- the error in words
    cancelling  BOOLEAN NOT NULL DEFAULT FALSE, -- whether its steps put back what it did
    attempts    INTEGER NOT NULL DEFAULT 0,     -- how many steps failed in a row
    holder      BYTEA,                          -- which worker has it
    lease_until BIGINT,                         -- nobody but the holder takes a step before this time
    created_at  BIGINT NOT NULL,
    started_at  BIGINT,
    changed_at  BIGINT NOT NULL,
    ended_at    BIGINT
);
CREATE INDEX jobs_open ON jobs (id) WHERE ended_at IS NULL;
CREATE INDEX jobs_ended ON jobs (ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX jobs_of_site ON jobs (site_id, id);

-- Which job made a key lead to its thread as well, so that it can be put back when the job is cancelled.
ALTER TABLE thread_keys ADD COLUMN job_id BYTEA;
CREATE INDEX keys_of_job ON thread_keys (job_id) WHERE job_id IS NOT NULL;

-- By which rules a site's threads are found (JSON; null: by its policy's trailing_slash alone), and by which they will be, once a
-- job has seen to it that each is.
ALTER TABLE sites ADD COLUMN addresses TEXT;
ALTER TABLE sites ADD COLUMN next_addresses TEXT;
