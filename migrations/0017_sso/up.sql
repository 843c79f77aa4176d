-- Public keys that a site publishes at an address, as they were when it was last asked: they outlive a restart while it is away, and
-- all instances have the same.
CREATE TABLE site_keys (
    site_id    BYTEA PRIMARY KEY REFERENCES sites (id),
    url        TEXT NOT NULL,
    jwks       TEXT NOT NULL,     -- a JWK Set, and what was left out of it
    tried_at   BIGINT NOT NULL,   -- when it was last asked, whatever came of it
    fetched_at BIGINT NOT NULL,   -- when it was asked for these keys
    failed_at  BIGINT,            -- when it was last asked for nothing; null when it answered since
    failure    TEXT,              -- what came instead of keys
    due_at     BIGINT NOT NULL    -- when it is asked again
);
CREATE INDEX site_keys_due ON site_keys (due_at);
