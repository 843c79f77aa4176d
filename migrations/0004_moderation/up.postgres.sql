-- The words of comments, for the queue's search. Punctuation is taken out first: PostgreSQL would otherwise take
-- `example.org` for one word, and SQLite for two.
ALTER TABLE comments ADD COLUMN words tsvector GENERATED ALWAYS AS (
    to_tsvector('simple', regexp_replace(COALESCE(author_name, '') || ' ' || body, '[!-/:-@\[-`{-~]+', ' ', 'g'))
) STORED;
CREATE INDEX comments_by_words ON comments USING gin (words);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
