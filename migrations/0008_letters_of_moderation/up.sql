-- Links of letters that are good once, and were used: a hash of each, until it would end by itself.
CREATE TABLE used_links (
    link       BYTEA PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_links_by_age ON used_links (expires_at);
