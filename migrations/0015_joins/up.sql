-- Threads join: what was written in one goes over to another. The row of the joined thread stays, so that its id leads on.
ALTER TABLE threads ADD COLUMN joined_into BYTEA REFERENCES threads (id); -- the thread that this one was joined into
ALTER TABLE threads ADD COLUMN joining BOOLEAN NOT NULL DEFAULT FALSE;    -- whether rows are being moved into it or out of it just now
CREATE INDEX joined_threads ON threads (joined_into) WHERE joined_into IS NOT NULL;
-- A passage that is one with a passage of the other thread now. It stays behind, for the join to be undone.
ALTER TABLE passages ADD COLUMN joined_into BYTEA REFERENCES passages (id);

CREATE TABLE joins (
    id            BYTEA PRIMARY KEY,
    site_id       BYTEA NOT NULL REFERENCES sites (id),
    from_thread   BYTEA NOT NULL REFERENCES threads (id),
    into_thread   BYTEA NOT NULL REFERENCES threads (id),
    state         TEXT NOT NULL,            -- joining, joined, undoing, undone
    comments      BIGINT NOT NULL DEFAULT 0, -- how many went over
    passages      BIGINT NOT NULL DEFAULT 0,
    subscriptions BIGINT NOT NULL DEFAULT 0,
    keys          BIGINT NOT NULL DEFAULT 0,
    at            BIGINT NOT NULL,          -- by the logs of both threads: a later join of the same things is later here
    undo_until    BIGINT NOT NULL,
    undone_at     BIGINT
);
CREATE INDEX joins_of_site ON joins (site_id, at, id);
CREATE INDEX joins_by_end ON joins (undo_until);
CREATE INDEX joins_of_thread ON joins (from_thread, at);

-- What went over with a join, as far as it can be undone: roots (with all that is beneath them), passages, subscriptions and keys.
CREATE TABLE joined_items (
    join_id BYTEA NOT NULL REFERENCES joins (id),
    kind    TEXT NOT NULL,                  -- root, passage, subscription, key
    item    BYTEA NOT NULL,                 -- the id; of a key, its text
    other   BYTEA,                          -- root: the passage it was about; else what the item met in the other thread
    PRIMARY KEY (join_id, kind, item)
);
CREATE INDEX joins_of_item ON joined_items (item, kind);
