-- The words of comments, for the queue's search. A table of numbers stands between, since SQLite may renumber
-- the rows of a table whose key is no integer.
CREATE TABLE comment_numbers (
    number     INTEGER PRIMARY KEY,
    comment_id BLOB NOT NULL UNIQUE REFERENCES comments (id)
);
CREATE VIRTUAL TABLE comment_words USING fts5(
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);
CREATE TRIGGER comment_words_of_new AFTER INSERT ON comments BEGIN
    INSERT INTO comment_numbers (comment_id) VALUES (NEW.id);
    INSERT INTO comment_words (rowid, words)
    SELECT number, COALESCE(NEW.author_name, '') || ' ' || NEW.body FROM comment_numbers WHERE comment_id = NEW.id;
END;
CREATE TRIGGER comment_words_of_changed AFTER UPDATE OF body, author_name ON comments BEGIN
    UPDATE comment_words SET words = COALESCE(NEW.author_name, '') || ' ' || NEW.body
    WHERE rowid = (SELECT number FROM comment_numbers WHERE comment_id = NEW.id);
END;
INSERT INTO comment_numbers (comment_id) SELECT id FROM comments;
INSERT INTO comment_words (rowid, words)
SELECT n.number, COALESCE(c.author_name, '') || ' ' || c.body
FROM comment_numbers n JOIN comments c ON c.id = n.comment_id;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_not_forgotten BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
