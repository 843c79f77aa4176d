-- Moderation: what the queue sorts by, decisions, reports, bans, and the record of it all.

ALTER TABLE comments ADD COLUMN risk BIGINT NOT NULL DEFAULT 0;     -- how suspicious it looked, 0 to 1000
ALTER TABLE comments ADD COLUMN reports BIGINT NOT NULL DEFAULT 0;  -- reports that nobody has decided on
ALTER TABLE comments ADD COLUMN queued_at BIGINT;                   -- when moderators last had to hear of it

-- The queue, in each of its orders. `queue_of_all`, `queue_of_site` and `queue_of_thread` are there already.
-- `status` leads where it is the same in all rows, so that SQLite prefers these to indexes that need sorting.
CREATE INDEX queue_of_person ON comments (person_id, created_at, id);
CREATE INDEX risk_of_all ON comments (status, risk, id) WHERE status = 'pending';
CREATE INDEX risk_of_site ON comments (site_id, status, risk, id) WHERE status = 'pending';
CREATE INDEX risk_of_thread ON comments (thread_id, status, risk, id) WHERE status = 'pending';
CREATE INDEX reported_of_all ON comments (reports, id) WHERE reports > 0;
CREATE INDEX reported_of_site ON comments (site_id, reports, id) WHERE reports > 0;
CREATE INDEX reported_by_time ON comments (created_at, id) WHERE reports > 0;
CREATE INDEX reported_of_site_by_time ON comments (site_id, created_at, id) WHERE reports > 0;
CREATE INDEX queue_changes ON comments (queued_at, id) WHERE queued_at IS NOT NULL;
CREATE INDEX queue_changes_of_site ON comments (site_id, queued_at, id) WHERE queued_at IS NOT NULL;
CREATE INDEX pinned_roots ON comments (thread_id, published_at) WHERE pinned AND listed;

-- A person's record on their site: what moderators decided about their comments.
ALTER TABLE people ADD COLUMN approved BIGINT NOT NULL DEFAULT 0;
ALTER TABLE people ADD COLUMN rejected BIGINT NOT NULL DEFAULT 0;   -- rejected, or called spam
ALTER TABLE people ADD COLUMN rejected_at BIGINT;                   -- the last time

ALTER TABLE threads ADD COLUMN hidden BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE threads ADD COLUMN owner_id BYTEA REFERENCES people (id); -- the author whose page it is

-- The last decision about a comment, and what it was before: what "undo" needs.
CREATE TABLE verdicts (
    comment_id  BYTEA PRIMARY KEY REFERENCES comments (id),
    action      TEXT NOT NULL,
    was         TEXT NOT NULL,              -- a status
    was_reasons TEXT NOT NULL,              -- JSON
    at          BIGINT NOT NULL
);

-- Counts, kept by increments, in sixteen slots each so that writers seldom wait for one another.
CREATE TABLE tallies (
    site_id BYTEA NOT NULL REFERENCES sites (id),
    day     BIGINT NOT NULL,                -- days since 1970 (UTC); -1: as things stand now
    name    TEXT NOT NULL,
    slot    INTEGER NOT NULL,
    count   BIGINT NOT NULL,
    PRIMARY KEY (site_id, day, name, slot)
);
INSERT INTO tallies (site_id, day, name, slot, count)
SELECT site_id, -1, status, 0, COUNT(*) FROM comments GROUP BY site_id, status;

-- Who did what, to what, when and why. Nothing here is ever changed; ids only.
CREATE TABLE audit (
    id           BYTEA PRIMARY KEY,
    site_id      BYTEA REFERENCES sites (id), -- null: it concerned every site
    at           BIGINT NOT NULL,
    actor        TEXT NOT NULL,             -- person, token, operator, service
    actor_person BYTEA,
    actor_token  BYTEA,
    action       TEXT NOT NULL,
    object       TEXT NOT NULL,             -- comment, thread, ban, report, person, token
    object_id    BYTEA NOT NULL,
    reason       TEXT,                      -- a code of the site's list
    note         TEXT,
    was          TEXT NOT NULL,             -- JSON
    became       TEXT NOT NULL              -- JSON
);
CREATE INDEX audit_of_site ON audit (site_id, id);
CREATE INDEX audit_of_object ON audit (object_id, id);
CREATE INDEX audit_of_person ON audit (actor_person, id) WHERE actor_person IS NOT NULL;

-- Who may not write here. Addresses and networks are keyed hashes: nobody can read them back.
CREATE TABLE bans (
    id          BYTEA PRIMARY KEY,
    site_id     BYTEA NOT NULL REFERENCES sites (id),
    kind        TEXT NOT NULL,              -- person, email, domain, network
    value       BYTEA NOT NULL,             -- a person's id, or a keyed hash
    epoch       BIGINT,                     -- of a network: which key it was hashed under
    comment_id  BYTEA,                      -- the comment it was made from
    reason      TEXT,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    lifted_at   BIGINT
);
CREATE UNIQUE INDEX bans_in_force ON bans (site_id, kind, value) WHERE lifted_at IS NULL;
CREATE INDEX bans_of_site ON bans (site_id, id);

-- Where comments came from, for as long as a network may be banned for: a keyed hash.
CREATE TABLE comment_networks (
    comment_id BYTEA PRIMARY KEY REFERENCES comments (id),
    epoch      BIGINT NOT NULL,
    hash       BYTEA NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX comment_networks_by_age ON comment_networks (at);

-- What readers report, and notices of illegal content (Digital Services Act, articles 16 and 17).
CREATE TABLE reports (
    id          BYTEA PRIMARY KEY,
    site_id     BYTEA NOT NULL REFERENCES sites (id),
    comment_id  BYTEA NOT NULL REFERENCES comments (id),
    person_id   BYTEA NOT NULL REFERENCES people (id),
    verified    BOOLEAN NOT NULL,           -- whether it counts towards the threshold
    reason      TEXT NOT NULL,
    detail      TEXT NOT NULL,
    law         TEXT,                       -- of a notice: which law is broken
    contact     TEXT,                       -- of a notice: the address to answer to
    state       TEXT NOT NULL,              -- open, upheld, dismissed
    grounds     TEXT,                       -- of a decision
    created_at  BIGINT NOT NULL,
    decided_at  BIGINT,
    UNIQUE (comment_id, person_id)
);
CREATE INDEX reports_open_of_all ON reports (state, id);
CREATE INDEX reports_open_of_site ON reports (site_id, state, id);
CREATE INDEX notices_with_contact ON reports (decided_at) WHERE contact IS NOT NULL;
