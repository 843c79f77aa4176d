-- A spam model comes to rest, what a decision changed can be taken back exactly, and who signed out everywhere stays out.

-- A lesson that a later decision replaced stays for as long as that decision can be taken back: it does not stand meanwhile.
-- So a comment may have more than one.
CREATE TABLE told_lessons (
    site_id    BYTEA NOT NULL REFERENCES sites (id),
    number     BIGINT NOT NULL,
    comment_id BYTEA NOT NULL REFERENCES comments (id),
    revision   BIGINT NOT NULL,             -- which of its texts was decided about
    is_spam    BOOLEAN NOT NULL,
    traits     BYTEA,                       -- what the model sees of that text; null until it is taught
    stands     BOOLEAN NOT NULL,            -- false: another decision is in its place
    PRIMARY KEY (site_id, number)
);
INSERT INTO told_lessons (site_id, number, comment_id, revision, is_spam, traits, stands)
SELECT site_id, number, comment_id, revision, is_spam, traits, TRUE FROM lessons;
DROP TABLE lessons;
ALTER TABLE told_lessons RENAME TO lessons;
CREATE INDEX lessons_of_comment ON lessons (comment_id);

-- What a model was when it had learnt all lessons up to a number: where learning begins again when a later one is taken back.
CREATE TABLE model_states (
    site_id BYTEA NOT NULL REFERENCES sites (id),
    number  BIGINT NOT NULL,
    weights BYTEA NOT NULL,
    moved   BYTEA NOT NULL,
    PRIMARY KEY (site_id, number)
);
-- Lessons up to this number are a part of sums for good. There is a state of this number, unless it is 0.
ALTER TABLE models ADD COLUMN base BIGINT NOT NULL DEFAULT 0;

-- Models whose first lessons were forgotten already: nothing else is left of those.
UPDATE models SET base = taught WHERE taught > 0 AND told > 2000 AND weights IS NOT NULL AND moved IS NOT NULL;
INSERT INTO model_states (site_id, number, weights, moved)
SELECT site_id, base, weights, moved FROM models WHERE base > 0;

-- What a decision took the place of: the decision before it, and the lesson that stood. Taking it back gives both back, and
-- `undone` says that this is what happened: the last decision is taken back once.
ALTER TABLE verdicts ADD COLUMN prior_action TEXT;
ALTER TABLE verdicts ADD COLUMN prior_at BIGINT;
ALTER TABLE verdicts ADD COLUMN lesson BIGINT;
ALTER TABLE verdicts ADD COLUMN undone BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE verdicts SET lesson = (SELECT number FROM lessons WHERE lessons.comment_id = verdicts.comment_id)
WHERE action NOT IN ('approve', 'spam');

-- When all of a person's sessions were ended at once. A request that is sent again begins none for a guest after that.
ALTER TABLE people ADD COLUMN signed_out_at BIGINT;
