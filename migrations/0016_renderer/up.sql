-- What the HTML of a comment and of its earlier and new texts was made by: the release of the renderer and the site's rule for line
-- breaks, as one number. Zero: before there was one, or not all by the same.
ALTER TABLE comments ADD COLUMN renderer INTEGER NOT NULL DEFAULT 0;
CREATE INDEX comments_by_renderer ON comments (site_id, renderer, thread_id, id);
