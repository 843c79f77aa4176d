-- The first schema, in words that SQLite and PostgreSQL both understand. Ids are 16 bytes, times are
-- microseconds since 1970 (UTC), JSON is text. SQLite reads BYTEA as "any": it keeps a blob a blob.

CREATE TABLE sites (
    id         BYTEA PRIMARY KEY,
    slug       TEXT NOT NULL UNIQUE,
    name       TEXT NOT NULL,
    origins    TEXT NOT NULL,               -- JSON array
    locale     TEXT NOT NULL,
    policy     TEXT NOT NULL,               -- JSON object, see domain/site.rs
    phrases    TEXT NOT NULL,               -- JSON object
    sso        TEXT,                        -- JSON object with the site's keys; never leaves
    version    BIGINT NOT NULL,             -- grows with every change that a reader's page shows
    created_at BIGINT NOT NULL
);

CREATE TABLE threads (
    id            BYTEA PRIMARY KEY,
    site_id       BYTEA NOT NULL REFERENCES sites (id),
    key           TEXT NOT NULL,
    url           TEXT NOT NULL,
    title         TEXT,                     -- the publisher's
    title_hint    TEXT,                     -- a reader's browser's
    state         TEXT NOT NULL,
    moderation    TEXT,                     -- overrides the site's policy
    comment_count BIGINT NOT NULL DEFAULT 0,
    version       BIGINT NOT NULL DEFAULT 0,
    last_at       BIGINT NOT NULL,          -- the log's clock: never goes back, never stands still
    created_at    BIGINT NOT NULL
);
CREATE INDEX threads_of_site ON threads (site_id, created_at);

CREATE TABLE thread_keys (
    site_id   BYTEA NOT NULL REFERENCES sites (id),
    key       TEXT NOT NULL,
    thread_id BYTEA NOT NULL REFERENCES threads (id),
    PRIMARY KEY (site_id, key)
);
CREATE INDEX keys_of_thread ON thread_keys (thread_id);

-- The log: one row for each visible change, gapless within a thread.
CREATE TABLE events (
    thread_id  BYTEA NOT NULL REFERENCES threads (id),
    version    BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    comment_id BYTEA,
    at         BIGINT NOT NULL,
    PRIMARY KEY (thread_id, version)
);
CREATE INDEX events_by_age ON events (at);

CREATE TABLE people (
    id         BYTEA PRIMARY KEY,
    site_id    BYTEA NOT NULL REFERENCES sites (id),
    kind       TEXT NOT NULL,
    issuer     TEXT,                        -- with subject: who this is to the site's own sign-on
    subject    TEXT,
    name       TEXT,
    skeleton   TEXT,                        -- what names that look alike share
    email      TEXT,
    verified   BOOLEAN NOT NULL,
    website    TEXT,
    avatar_url TEXT,
    role       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (site_id, issuer, subject)
);
CREATE INDEX staff_names ON people (site_id, skeleton) WHERE role <> 'reader';
CREATE INDEX staff ON people (site_id, role) WHERE role <> 'reader';

CREATE TABLE sessions (
    id         BYTEA PRIMARY KEY,
    person_id  BYTEA NOT NULL REFERENCES people (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at   BIGINT
);
CREATE INDEX sessions_of_person ON sessions (person_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE api_tokens (
    id         BYTEA PRIMARY KEY,
    name       TEXT NOT NULL,
    role       TEXT NOT NULL,
    site_id    BYTEA REFERENCES sites (id), -- null: every site
    person_id  BYTEA REFERENCES people (id),
    read_only  BOOLEAN NOT NULL,
    hash       BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);

CREATE TABLE comments (
    id             BYTEA PRIMARY KEY,
    thread_id      BYTEA NOT NULL REFERENCES threads (id),
    site_id        BYTEA NOT NULL REFERENCES sites (id),
    parent_id      BYTEA REFERENCES comments (id),  -- the displayed parent
    root_id        BYTEA NOT NULL,
    reply_to       BYTEA REFERENCES comments (id),  -- whom it answers, when that is not the parent
    depth          INTEGER NOT NULL,
    person_id      BYTEA NOT NULL REFERENCES people (id),
    author_name    TEXT,                    -- as signed at the time
    author_website TEXT,
    status         TEXT NOT NULL,
    listed         BOOLEAN NOT NULL,        -- published, or a tombstone that something answers
    body           TEXT NOT NULL,
    body_html      TEXT NOT NULL,
    reasons        TEXT NOT NULL,           -- JSON: why it is held
    revision       BIGINT NOT NULL,
    up             BIGINT NOT NULL DEFAULT 0,
    down           BIGINT NOT NULL DEFAULT 0,
    rank           BIGINT NOT NULL DEFAULT 0,
    reply_count    BIGINT NOT NULL DEFAULT 0, -- published descendants
    pinned         BOOLEAN NOT NULL,
    created_at     BIGINT NOT NULL,
    published_at   BIGINT,                  -- its place in the thread: the log's clock at first publication
    active_at      BIGINT NOT NULL,
    edited_at      BIGINT
);
CREATE INDEX roots_by_time ON comments (thread_id, published_at, id) WHERE parent_id IS NULL AND listed;
CREATE INDEX roots_by_rank ON comments (thread_id, rank, id) WHERE parent_id IS NULL AND listed;
CREATE INDEX roots_by_activity ON comments (thread_id, active_at, id) WHERE parent_id IS NULL AND listed;
CREATE INDEX replies_by_time ON comments (root_id, published_at, id) WHERE parent_id IS NOT NULL AND listed;
CREATE INDEX listed_children ON comments (parent_id) WHERE listed;
CREATE INDEX listed_answers ON comments (reply_to) WHERE listed;
CREATE INDEX thread_by_time ON comments (thread_id, published_at, id) WHERE listed;
CREATE INDEX site_by_time ON comments (site_id, published_at, id) WHERE listed;
CREATE INDEX queue_of_all ON comments (status, created_at, id);
CREATE INDEX queue_of_site ON comments (site_id, status, created_at, id);
CREATE INDEX queue_of_thread ON comments (thread_id, status, created_at, id);
CREATE INDEX comments_of_person ON comments (person_id, thread_id, created_at);

-- Earlier texts of a comment.
CREATE TABLE revisions (
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    revision   BIGINT NOT NULL,
    body       TEXT NOT NULL,
    body_html  TEXT NOT NULL,
    public     BOOLEAN NOT NULL,            -- whether it was what everybody read
    created_at BIGINT NOT NULL,
    PRIMARY KEY (comment_id, revision)
);

CREATE TABLE votes (
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    person_id  BYTEA NOT NULL REFERENCES people (id),
    thread_id  BYTEA NOT NULL REFERENCES threads (id),
    value      INTEGER NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (comment_id, person_id)
);
CREATE INDEX votes_of_person ON votes (person_id, thread_id, at);

CREATE TABLE reactions (
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    person_id  BYTEA NOT NULL REFERENCES people (id),
    emoji      TEXT NOT NULL,
    thread_id  BYTEA NOT NULL REFERENCES threads (id),
    at         BIGINT NOT NULL,
    PRIMARY KEY (comment_id, person_id, emoji)
);
CREATE INDEX reactions_of_person ON reactions (person_id, thread_id, at);

CREATE TABLE reaction_counts (
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    emoji      TEXT NOT NULL,
    count      BIGINT NOT NULL,
    PRIMARY KEY (comment_id, emoji)
);

-- Later work, written in the transaction that calls for it.
CREATE TABLE outbox (
    id          BYTEA PRIMARY KEY,
    kind        TEXT NOT NULL,
    comment_id  BYTEA NOT NULL,
    recipient   BYTEA NOT NULL,             -- a person's id
    due_at      BIGINT NOT NULL,
    lease_until BIGINT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL,              -- waiting, done, dead
    last_error  TEXT,
    created_at  BIGINT NOT NULL,
    UNIQUE (kind, comment_id, recipient)
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_done ON outbox (created_at) WHERE state = 'done';

CREATE TABLE idempotency (
    scope       BYTEA NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    outcome     TEXT NOT NULL,              -- JSON: what was made; never a token
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
