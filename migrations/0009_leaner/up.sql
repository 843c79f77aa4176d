-- Every index is a page to write with each comment. Most comments answer nothing, and most people give no address: such rows
-- have no place in indexes that are only asked for what answers, and for addresses.
DROP INDEX listed_children;
CREATE INDEX listed_children ON comments (parent_id) WHERE parent_id IS NOT NULL AND listed;
DROP INDEX listed_answers;
CREATE INDEX listed_answers ON comments (reply_to) WHERE reply_to IS NOT NULL AND listed;
DROP INDEX people_of_address;
CREATE INDEX people_of_address ON people (site_id, lower(email)) WHERE email IS NOT NULL;

-- What is forgotten by its age is found by the comment's id, which grows with time.
DROP INDEX prints_by_age;
DROP INDEX comment_networks_by_age;
