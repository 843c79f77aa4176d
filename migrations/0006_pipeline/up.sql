-- What judges comments before a moderator does, and new texts that wait for one.

-- What each site's spam model was taught, in order: a row for each comment that was approved or called spam.
CREATE TABLE lessons (
    site_id    BYTEA NOT NULL REFERENCES sites (id),
    number     BIGINT NOT NULL,
    comment_id BYTEA NOT NULL UNIQUE REFERENCES comments (id),
    revision   BIGINT NOT NULL,             -- which of its texts was decided about
    is_spam    BOOLEAN NOT NULL,
    traits     BYTEA,                       -- what the model sees of that text; null until it is taught
    PRIMARY KEY (site_id, number)
);

-- The spam model of each site that has lessons.
CREATE TABLE models (
    site_id BYTEA PRIMARY KEY REFERENCES sites (id),
    told    BIGINT NOT NULL,                -- the number of the last lesson
    taught  BIGINT NOT NULL,                -- the last that the model knows; 0: it has to be taught anew
    version BIGINT NOT NULL,                -- grows whenever any of this changes, but `told`
    weights BYTEA,                          -- null: it is as it comes with Postil
    moved   BYTEA                           -- what learning needs beside the weights
);
CREATE INDEX models_behind ON models (site_id) WHERE told > taught;

-- What every phase said of a comment, for moderators.
CREATE TABLE judgements (
    comment_id BYTEA PRIMARY KEY REFERENCES comments (id),
    opinions   TEXT NOT NULL,               -- JSON
    author     TEXT NOT NULL,               -- JSON: what was known of its author
    at         BIGINT NOT NULL
);

-- By what a text is known again when somebody sends it to another page: numbers, for a week.
CREATE TABLE prints (
    site_id    BYTEA NOT NULL REFERENCES sites (id),
    number     BIGINT NOT NULL,
    comment_id BYTEA NOT NULL REFERENCES comments (id), -- the first that had it
    thread_id  BYTEA NOT NULL REFERENCES threads (id),
    at         BIGINT NOT NULL,
    PRIMARY KEY (site_id, number)
);
CREATE INDEX prints_of_comment ON prints (comment_id);
CREATE INDEX prints_by_age ON prints (at);

-- A new text of a comment that everybody goes on reading as it was, until a moderator has decided.
CREATE TABLE drafts (
    comment_id BYTEA PRIMARY KEY REFERENCES comments (id),
    revision   BIGINT NOT NULL,             -- that it becomes
    body       TEXT NOT NULL,
    body_html  TEXT NOT NULL,
    reasons    TEXT NOT NULL,               -- JSON: why it waits
    waits      BOOLEAN NOT NULL,            -- false: it was turned down, which may be taken back
    created_at BIGINT NOT NULL
);
ALTER TABLE comments ADD COLUMN draft BOOLEAN NOT NULL DEFAULT FALSE; -- a new text of it waits
CREATE INDEX drafts_of_all ON comments (created_at, id) WHERE draft;
CREATE INDEX drafts_of_site ON comments (site_id, created_at, id) WHERE draft;
CREATE INDEX drafts_of_thread ON comments (thread_id, created_at, id) WHERE draft;
CREATE INDEX drafts_by_risk ON comments (risk, id) WHERE draft;
CREATE INDEX drafts_of_site_by_risk ON comments (site_id, risk, id) WHERE draft;
CREATE INDEX drafts_of_thread_by_risk ON comments (thread_id, risk, id) WHERE draft;

-- The number of such a text, if a decision was about one.
ALTER TABLE verdicts ADD COLUMN draft BIGINT;
