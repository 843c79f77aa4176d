-- What a page says of itself. A thread's title, its address and the words that are quoted from its page are the publisher's; what a
-- reader's browser said of them is a hint for whoever decides about the comment that it came with.

ALTER TABLE threads ADD COLUMN page_title TEXT;       -- as the page itself says; `title` is what its publisher set
ALTER TABLE threads ADD COLUMN page_asked_at BIGINT;  -- when the page was last asked
ALTER TABLE threads ADD COLUMN url_known BOOLEAN NOT NULL DEFAULT TRUE; -- whether the address is more than a reader's word
ALTER TABLE threads DROP COLUMN title_hint;
UPDATE threads SET url_known = FALSE WHERE key <> url AND title IS NULL AND owner_id IS NULL;

ALTER TABLE passages ADD COLUMN found TEXT;           -- who says that the words are the publisher's; null: nobody yet
ALTER TABLE passages ADD COLUMN struck BOOLEAN NOT NULL DEFAULT FALSE; -- whether the publisher took them back
UPDATE passages SET found = 'earlier';

-- Pages that are to be asked; a row goes when its page has answered.
CREATE TABLE page_requests (
    thread_id BYTEA PRIMARY KEY REFERENCES threads (id),
    site_id   BYTEA NOT NULL REFERENCES sites (id),
    url       TEXT NOT NULL,
    due_at    BIGINT NOT NULL
);
CREATE INDEX page_requests_of_site ON page_requests (site_id, due_at);

-- When each site was last asked for a page.
CREATE TABLE page_turns (
    site_id  BYTEA PRIMARY KEY REFERENCES sites (id),
    asked_at BIGINT NOT NULL
);

-- What the browser that sent a comment said of its page, while the comment waits.
CREATE TABLE page_hints (
    comment_id BYTEA PRIMARY KEY REFERENCES comments (id),
    url        TEXT NOT NULL,
    title      TEXT
);
