-- Who is told of what by mail. A mailbox is one address on one site, a subscription one choice of a
-- mailbox's owner, and every letter goes to a mailbox: a moderator's too.

CREATE TABLE mailboxes (
    id           BYTEA PRIMARY KEY,
    site_id      BYTEA NOT NULL REFERENCES sites (id),
    email        TEXT NOT NULL,             -- as first given
    folded       TEXT NOT NULL,             -- in lower case: what makes two addresses one
    locale       TEXT NOT NULL,
    person_id    BYTEA REFERENCES people (id), -- who signs in by mail to this address
    created_at   BIGINT NOT NULL,
    confirmed_at BIGINT,                    -- when its owner first answered; null: it may be anybody's typing
    UNIQUE (site_id, folded)
);
CREATE INDEX mailboxes_unanswered ON mailboxes (created_at) WHERE confirmed_at IS NULL;
CREATE INDEX mailboxes_of_address ON mailboxes (folded);
CREATE INDEX mailbox_of_signed_in ON mailboxes (person_id) WHERE person_id IS NOT NULL;

-- By what they signed with: to offer what a guest wrote to whoever reads the address's mail.
CREATE INDEX people_of_address ON people (site_id, lower(email));

-- Whose choices for a mailbox need no new confirmation.
CREATE TABLE mailbox_people (
    mailbox_id   BYTEA NOT NULL REFERENCES mailboxes (id),
    person_id    BYTEA NOT NULL REFERENCES people (id),
    confirmed_at BIGINT NOT NULL,
    PRIMARY KEY (mailbox_id, person_id)
);
CREATE INDEX mailboxes_of_person ON mailbox_people (person_id);

CREATE TABLE subscriptions (
    id           BYTEA PRIMARY KEY,
    mailbox_id   BYTEA NOT NULL REFERENCES mailboxes (id),
    site_id      BYTEA NOT NULL REFERENCES sites (id),
    person_id    BYTEA REFERENCES people (id), -- who chose; null: somebody without a token
    scope        TEXT NOT NULL,             -- thread, replies, comment, author, site, article
    target       BYTEA NOT NULL,            -- the id of what the scope names: a thread, a comment, a person, a site
    thread_id    BYTEA,                     -- where it is about one thread; the thread may not be written yet
    frequency    TEXT NOT NULL,             -- instant, hourly, daily
    state        TEXT NOT NULL,             -- pending, active, ended
    form         TEXT NOT NULL,             -- where it was chosen
    asked_at     BIGINT NOT NULL,
    letter_at    BIGINT,                    -- when its confirmation was put in the outbox; null: not yet, or not needed
    expires_at   BIGINT NOT NULL,           -- counts while it is pending
    confirmed_at BIGINT
);
CREATE UNIQUE INDEX choices ON subscriptions (mailbox_id, scope, target, person_id) WHERE person_id IS NOT NULL;
CREATE UNIQUE INDEX choices_of_nobody ON subscriptions (mailbox_id, scope, target) WHERE person_id IS NULL;
CREATE INDEX audience ON subscriptions (scope, target, state, mailbox_id);
CREATE INDEX subscriptions_of_mailbox ON subscriptions (mailbox_id, state);
CREATE INDEX subscriptions_of_person ON subscriptions (person_id, thread_id, scope, state);
CREATE INDEX subscriptions_pending ON subscriptions (expires_at) WHERE state = 'pending';

-- What was consented to or taken back, when and by which form. Goes with its mailbox.
CREATE TABLE consents (
    id         BYTEA PRIMARY KEY,
    mailbox_id BYTEA NOT NULL REFERENCES mailboxes (id),
    scope      TEXT NOT NULL,
    target     BYTEA NOT NULL,
    frequency  TEXT NOT NULL,
    act        TEXT NOT NULL,               -- asked, confirmed, changed, ended
    form       TEXT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX consents_of_mailbox ON consents (mailbox_id, at);

-- Addresses that nothing is sent to, on any site.
CREATE TABLE suppressions (
    email  TEXT PRIMARY KEY,                -- in lower case
    reason TEXT NOT NULL,                   -- bounced, complained, left, refused
    detail TEXT,
    at     BIGINT NOT NULL
);

-- How many letters were asked for to one address within an hour, by whomever. The address is a hash.
CREATE TABLE letter_requests (
    address BYTEA NOT NULL,
    hour    BIGINT NOT NULL,                -- hours since 1970
    count   BIGINT NOT NULL,
    PRIMARY KEY (address, hour)
);
CREATE INDEX letter_requests_by_age ON letter_requests (hour);

-- Signing in by mail. The code and the links are made from the id by keys that are not in here.
CREATE TABLE sign_ins (
    id          BYTEA PRIMARY KEY,
    site_id     BYTEA NOT NULL REFERENCES sites (id),
    mailbox_id  BYTEA NOT NULL REFERENCES mailboxes (id),
    url         TEXT NOT NULL,              -- the page to come back to
    tries       BIGINT NOT NULL DEFAULT 0,  -- wrong codes so far
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    opened_at   BIGINT,                     -- when the mailed link was followed and its button pressed
    redeemed_at BIGINT                      -- when somebody was signed in by it
);
CREATE INDEX sign_ins_of_mailbox ON sign_ins (mailbox_id);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);

-- The outbox, rebuilt: what it is about need not be a comment, and whom it is for is a mailbox.
CREATE TABLE outbox_before AS SELECT * FROM outbox;
DROP TABLE outbox;
CREATE TABLE outbox (
    id          BYTEA PRIMARY KEY,
    kind        TEXT NOT NULL,
    subject     BYTEA NOT NULL,             -- the id of what it is about; the kind says what that is
    recipient   BYTEA NOT NULL,             -- a mailbox's id; all zeros where it is for nobody yet
    site_id     BYTEA NOT NULL,
    thread_id   BYTEA,
    cadence     TEXT NOT NULL,              -- instant, hourly, daily
    reason      TEXT NOT NULL,              -- JSON array: the scopes and subscriptions that call for it
    letter      BYTEA,                      -- rows that go out together bear one
    progress    BYTEA,                      -- how far a long piece of work has come
    due_at      BIGINT NOT NULL,
    lease_until BIGINT,
    attempts    INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL,              -- waiting, done, dead
    last_error  TEXT,
    created_at  BIGINT NOT NULL,
    UNIQUE (kind, subject, recipient)
);
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_done ON outbox (created_at) WHERE state = 'done';
CREATE INDEX outbox_dead ON outbox (id) WHERE state = 'dead';
CREATE INDEX outbox_of_mailbox ON outbox (recipient, state, due_at);
CREATE INDEX outbox_of_letter ON outbox (letter) WHERE letter IS NOT NULL;

-- Letters that wait are letters to moderators: each gets a mailbox, under the id of the first person with its address.
INSERT INTO mailboxes (id, site_id, email, folded, locale, created_at, confirmed_at)
    SELECT people.id, people.site_id, people.email, lower(people.email), sites.locale, people.created_at, people.created_at
    FROM people JOIN sites ON sites.id = people.site_id
    WHERE people.email IS NOT NULL
      AND people.id IN (SELECT recipient FROM outbox_before)
      AND NOT EXISTS (
        SELECT 1 FROM people AS earlier
        WHERE earlier.site_id = people.site_id AND lower(earlier.email) = lower(people.email)
          AND earlier.id IN (SELECT recipient FROM outbox_before) AND earlier.id < people.id);
INSERT INTO outbox (id, kind, subject, recipient, site_id, thread_id, cadence, reason,
                    due_at, lease_until, attempts, state, last_error, created_at)
    SELECT old.id, old.kind, old.comment_id, mailboxes.id, comments.site_id, comments.thread_id, 'instant', '[]',
           old.due_at, old.lease_until, old.attempts, old.state, old.last_error, old.created_at
    FROM outbox_before AS old
    JOIN people ON people.id = old.recipient
    JOIN mailboxes ON mailboxes.site_id = people.site_id AND mailboxes.folded = lower(people.email)
    JOIN comments ON comments.id = old.comment_id
    WHERE true
    ON CONFLICT (kind, subject, recipient) DO NOTHING;
DROP TABLE outbox_before;
