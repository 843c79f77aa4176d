-- Challenges that were solved and used: each is good once, until it expires.
CREATE TABLE spent_work (
    nonce      BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX spent_work_by_age ON spent_work (expires_at);

-- A service of a site's own that is asked about each comment.
CREATE TABLE advisers (
    site_id      BYTEA PRIMARY KEY REFERENCES sites (id),
    url          TEXT NOT NULL,
    secret       TEXT NOT NULL,             -- signs, so it is kept as it is
    secret_at    BIGINT NOT NULL,
    former       TEXT,                      -- signs too, until former_until
    former_until BIGINT,
    created_at   BIGINT NOT NULL
);
