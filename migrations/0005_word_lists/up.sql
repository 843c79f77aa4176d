-- What a site does not want to read (block), and what it wants to look at first (suspect): one row for each list.
CREATE TABLE word_lists (
    site_id    BYTEA NOT NULL REFERENCES sites (id),
    list       TEXT NOT NULL,               -- block, suspect
    entries    TEXT NOT NULL,               -- JSON
    version    BIGINT NOT NULL,             -- grows with each change
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (site_id, list)
);
