-- Where a session began, which is how far it reaches: reader, page, console.
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'reader';
ALTER TABLE sessions ADD COLUMN origin TEXT;                       -- of the page where it began; null: none, or not known
ALTER TABLE sessions ADD COLUMN used_at BIGINT NOT NULL DEFAULT 0; -- written down now and then, not at each use
UPDATE sessions SET used_at = created_at;

-- Ways in for one of a site's own people, good once. A link leads to a page with a button, which gives a code; the code signs in.
CREATE TABLE staff_links (
    id          BYTEA PRIMARY KEY,
    site_id     BYTEA NOT NULL REFERENCES sites (id),
    person_id   BYTEA NOT NULL REFERENCES people (id),
    kind        TEXT NOT NULL,              -- of the session that it leads to: page, console
    url         TEXT,                       -- the page to go to; null: a console's
    link        BYTEA UNIQUE,               -- SHA-256 of the link; null: there is none, but a code at once
    code        BYTEA UNIQUE,               -- SHA-256 of the code
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,            -- of the link, or else of the code
    opened_at   BIGINT,                     -- when the button was pressed
    redeemed_at BIGINT                      -- when somebody was signed in
);
CREATE INDEX staff_links_by_age ON staff_links (expires_at);
