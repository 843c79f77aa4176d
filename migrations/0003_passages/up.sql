-- Passages: the words of an article that questions are asked and remarks are made about.

CREATE TABLE passages (
    id           BYTEA PRIMARY KEY,
    thread_id    BYTEA NOT NULL REFERENCES threads (id),
    key          TEXT,                      -- what the page's HTML, or the author, calls it
    planted      BOOLEAN NOT NULL,          -- by an author's token, not by a reader's browser
    question     TEXT,                      -- the author's; only when planted
    state        TEXT NOT NULL,
    quote        TEXT NOT NULL,             -- the words as they were first selected
    exact        TEXT NOT NULL,             -- the words and what surrounds them, normalised: see docs/passages.md
    prefix       TEXT NOT NULL,
    suffix       TEXT NOT NULL,
    position     BIGINT,                    -- where they begin, in code points; null: nobody said
    person_id    BYTEA REFERENCES people (id), -- who made it; null for a token that is nobody's
    answer_count BIGINT NOT NULL DEFAULT 0, -- published roots about it
    revision     BIGINT NOT NULL,           -- grows when it is to be looked for by other words
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
CREATE INDEX passages_of_thread ON passages (thread_id, id);
CREATE UNIQUE INDEX planted_passages ON passages (thread_id, key) WHERE planted;

ALTER TABLE comments ADD COLUMN passage_id BYTEA REFERENCES passages (id);
CREATE INDEX inline_by_time ON comments (thread_id, published_at, id) WHERE passage_id IS NOT NULL AND listed;
CREATE INDEX inline_by_rank ON comments (thread_id, rank, id) WHERE passage_id IS NOT NULL AND listed;
CREATE INDEX inline_by_activity ON comments (thread_id, active_at, id) WHERE passage_id IS NOT NULL AND listed;
CREATE INDEX passage_by_time ON comments (passage_id, published_at, id) WHERE passage_id IS NOT NULL AND listed;
CREATE INDEX passage_by_rank ON comments (passage_id, rank, id) WHERE passage_id IS NOT NULL AND listed;
CREATE INDEX passage_by_activity ON comments (passage_id, active_at, id) WHERE passage_id IS NOT NULL AND listed;

ALTER TABLE events ADD COLUMN passage_id BYTEA;
