//! `subscriptions`: who chose to be told of what; and whom a new comment is to be told to.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;

use super::comments::{self, Comment};
use super::connection::Run;
use super::fixed::Literal;
use super::mailboxes::{self, Mailbox};
use super::schema::{mailbox_people, subscriptions};
use super::types::Named;
use super::{Conn, joins, people, suppressions};
use crate::domain::id::{MailboxId, PersonId, SiteId, SubscriptionId, TargetId, ThreadId};
use crate::domain::subscription::{Cause, Form, Frequency, Scope, Standing};
use crate::domain::time::Time;
use crate::error::Result;

/// A choice as stored.
#[derive(Debug, Clone, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = subscriptions)]
#[diesel(treat_none_as_null = true)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// Where the letters go.
    pub mailbox_id: MailboxId,
    /// The site.
    pub site_id: SiteId,
    /// Who chose; `None`: somebody without a token.
    pub person_id: Option<PersonId>,
    /// What kind of thing is followed.
    pub scope: Named<Scope>,
    /// Which one.
    pub target: TargetId,
    /// The thread, where it is about one.
    pub thread_id: Option<ThreadId>,
    /// How soon one is told.
    pub frequency: Named<Frequency>,
    /// Where the choice stands.
    pub state: Named<Standing>,
    /// Where it was last chosen.
    pub form: Named<Form>,
    /// When it was last chosen.
    pub asked_at: Time,
    /// When the letter that asks for its confirmation was called for.
    pub letter_at: Option<Time>,
    /// While it is pending: when it is forgotten.
    pub expires_at: Time,
    /// When it was agreed to.
    pub confirmed_at: Option<Time>,
}

impl Subscription {
    /// Whether it was chosen on the site's word: by none of its people, and of a kind that only those who keep it choose.
    pub fn is_of_site(&self) -> bool {
        self.person_id.is_none() && matches!(*self.scope, Scope::Article | Scope::Site)
    }

    /// Whether one letter asks about both, and one answer agrees to both: what one person chose, or the site of one kind. What
    /// nobody in particular chose goes with nothing.
    pub fn goes_with(&self, other: &Self) -> bool {
        let is_of_one_site = self.is_of_site() && other.is_of_site() && self.scope == other.scope;
        self.person_id == other.person_id && (self.person_id.is_some() || is_of_one_site)
    }
}

/// The choice with that id.
pub fn by_id(conn: &mut Conn, id: SubscriptionId) -> Result<Option<Subscription>> {
    Ok(subscriptions::table.find(id).first(conn).optional()?)
}

/// These choices, in no order.
pub fn by_ids(conn: &mut Conn, ids: &[SubscriptionId]) -> Result<Vec<Subscription>> {
    let query = subscriptions::table.filter(subscriptions::id.eq_any(ids));
    Ok(query.load(conn)?)
}

/// The same, with those of another thread that count in their place since threads were joined: who leaves one leaves both.
pub fn with_kept(conn: &mut Conn, ids: &[SubscriptionId]) -> Result<Vec<Subscription>> {
    let mut all = ids.to_vec();
    let mut last = ids.to_vec();
    // What was kept in one join may have stayed behind in the next.
    while !last.is_empty() {
        last = joins::in_place_of(conn, &last)?;
        last.retain(|id| !all.contains(id));
        last.sort_unstable();
        last.dedup();
        all.extend_from_slice(&last);
    }
    by_ids(conn, &all)
}

/// A mailbox that is to be told of a comment.
#[derive(Clone)]
pub struct Told {
    /// The mailbox.
    pub mailbox: Mailbox,
    /// Every choice of its owner's that asks for it.
    pub causes: Vec<Cause>,
    /// The soonest that any of them asks for.
    pub cadence: Frequency,
}

/// Part of a comment's audience.
#[derive(Clone, Default)]
pub struct Audience {
    /// Whom to tell, one entry for each mailbox, in the order of their ids.
    pub told: Vec<Told>,
    /// Where the next part begins; `None`: this was the last.
    pub next: Option<MailboxId>,
}

/// Whom a comment is to be told to, of the mailboxes after `after`. At most `limit` are looked at, so a
/// part may be shorter, or empty, and not be the last. A mailbox comes once, whatever the number of its
/// reasons. Left out are addresses that nothing is sent to, and the comment's own author: by person, by
/// any address that they confirmed, and by the one they signed with.
pub fn audience(
    conn: &mut Conn,
    comment: &Comment,
    after: Option<MailboxId>,
    limit: usize,
) -> Result<Audience> {
    let wanted = wanted(conn, comment)?;
    let mut ids = BTreeSet::new();
    for followed in &wanted {
        ids.extend(followed.mailboxes(conn, after, limit as i64)?);
    }
    let ids: Vec<MailboxId> = ids.into_iter().take(limit).collect();
    let Some(last) = ids.last().copied() else {
        return Ok(Audience::default());
    };
    let next = Some(last).filter(|_| ids.len() == limit);
    let own = own_mailboxes(conn, comment, &ids)?;
    let mut causes: BTreeMap<MailboxId, (Vec<Cause>, Frequency)> = BTreeMap::new();
    for followed in &wanted {
        for row in followed.choices(conn, after, last)? {
            if row.person_id == Some(comment.person_id) || own.contains(&row.mailbox_id) {
                continue;
            }
            let entry = causes
                .entry(row.mailbox_id)
                .or_insert_with(|| (Vec::new(), *row.frequency));
            entry.0.push(Cause {
                scope: *row.scope,
                subscription: row.id,
            });
            entry.1 = entry.1.min(*row.frequency);
        }
    }
    let mailboxes = reachable(conn, causes.keys().copied().collect())?;
    let told = mailboxes
        .into_iter()
        .filter_map(|mailbox| {
            let (causes, cadence) = causes.remove(&mailbox.id)?;
            Some(Told {
                mailbox,
                causes,
                cadence,
            })
        })
        .collect();
    Ok(Audience { told, next })
}

/// Whether anybody at all may have to be told of a comment; false: its audience is empty. One look at an index, where
/// [`audience`] reads who they are.
pub fn may_be_news(conn: &mut Conn, comment: &Comment) -> Result<bool> {
    let thread: TargetId = comment.thread_id.cast();
    let answered = comment.reply_to.or(comment.parent_id);
    let of = |scope, target: TargetId| {
        subscriptions::scope
            .eq(Named(scope))
            .and(subscriptions::target.eq(target))
            .and(subscriptions::state.eq(Named(Standing::Active)))
    };
    let query = subscriptions::table
        .filter(
            of(Scope::Thread, thread)
                .or(of(Scope::Article, thread))
                .or(of(Scope::Replies, thread))
                .or(of(Scope::Author, comment.person_id.cast()))
                .or(of(Scope::Site, comment.site_id.cast()))
                // Of a comment that was just made, nobody follows the answers.
                .or(of(Scope::Comment, answered.unwrap_or(comment.id).cast())),
        )
        .select(subscriptions::id);
    let found: Option<SubscriptionId> = query.row(conn)?;
    Ok(found.is_some())
}

/// One thing that a comment is news of.
struct Followed {
    scope: Scope,
    target: TargetId,
    /// Only choices of these people count; `None`: of anybody.
    of: Option<Vec<PersonId>>,
    thread: Option<ThreadId>,
}

impl Followed {
    /// The mailboxes after `after` that actively follow it, in order, at most `limit`.
    fn mailboxes(
        &self,
        conn: &mut Conn,
        after: Option<MailboxId>,
        limit: i64,
    ) -> Result<Vec<MailboxId>> {
        let query = self
            .active(after)
            .select(subscriptions::mailbox_id)
            .distinct()
            .order(subscriptions::mailbox_id)
            .limit(limit);
        Ok(query.load(conn)?)
    }

    /// What was chosen of it for the mailboxes after `after` up to `last`. By range: named one by one, a large audience would
    /// be gone through as a whole for each part of it.
    fn choices(
        &self,
        conn: &mut Conn,
        after: Option<MailboxId>,
        last: MailboxId,
    ) -> Result<Vec<Subscription>> {
        let query = self
            .active(after)
            .filter(subscriptions::mailbox_id.le(last));
        Ok(query.load(conn)?)
    }

    /// The choices that count, of the mailboxes after `after`.
    fn active(
        &self,
        after: Option<MailboxId>,
    ) -> subscriptions::BoxedQuery<'_, <Conn as Connection>::Backend> {
        let mut query = subscriptions::table
            .filter(subscriptions::scope.eq(Named(self.scope)))
            .filter(subscriptions::target.eq(self.target))
            .filter(subscriptions::state.eq(Named(Standing::Active)))
            .into_boxed();
        if let Some(people) = &self.of {
            let people = people.iter().map(|id| Some(*id));
            query = query
                .filter(subscriptions::thread_id.eq(self.thread))
                .filter(subscriptions::person_id.eq_any(people));
        }
        if let Some(after) = after {
            query = query.filter(subscriptions::mailbox_id.gt(after));
        }
        query
    }
}

fn wanted(conn: &mut Conn, comment: &Comment) -> Result<Vec<Followed>> {
    let follow = |scope, target| Followed {
        scope,
        target,
        of: None,
        thread: None,
    };
    let thread = comment.thread_id.cast();
    let mut wanted = vec![
        follow(Scope::Thread, thread),
        follow(Scope::Article, thread),
        follow(Scope::Author, comment.person_id.cast()),
        follow(Scope::Site, comment.site_id.cast()),
    ];
    if let Some(answered) = comment.reply_to.or(comment.parent_id) {
        wanted.push(follow(Scope::Comment, answered.cast()));
        let mut above = comments::ancestors(conn, comment)?;
        if let Some(deeper) = comment.reply_to {
            above.extend(comments::by_id(conn, deeper)?);
        }
        wanted.push(Followed {
            of: Some(above.iter().map(|answered| answered.person_id).collect()),
            thread: Some(comment.thread_id),
            ..follow(Scope::Replies, thread)
        });
    }
    Ok(wanted)
}

/// Those of these mailboxes that belong to the comment's own author.
fn own_mailboxes(
    conn: &mut Conn,
    comment: &Comment,
    ids: &[MailboxId],
) -> Result<BTreeSet<MailboxId>> {
    let confirmed: Vec<MailboxId> = mailbox_people::table
        .filter(mailbox_people::person_id.eq(comment.person_id))
        .filter(mailbox_people::mailbox_id.eq_any(ids))
        .select(mailbox_people::mailbox_id)
        .load(conn)?;
    let signed = people::by_id(conn, comment.person_id)?.and_then(|person| person.email);
    let signed = signed.map(|email| email.to_ascii_lowercase());
    let mut own: BTreeSet<MailboxId> = confirmed.into_iter().collect();
    for mailbox in mailboxes::by_ids(conn, ids)? {
        let is_signed = signed.as_ref() == Some(&mailbox.folded);
        if is_signed || mailbox.person_id == Some(comment.person_id) {
            own.insert(mailbox.id);
        }
    }
    Ok(own)
}

/// Those of these mailboxes that mail is sent to, in the order of their ids.
fn reachable(conn: &mut Conn, ids: Vec<MailboxId>) -> Result<Vec<Mailbox>> {
    let mut mailboxes = mailboxes::by_ids(conn, &ids)?;
    mailboxes.sort_by_key(|mailbox| mailbox.id);
    let addresses: Vec<&str> = mailboxes.iter().map(|m| m.folded.as_str()).collect();
    let silent = suppressions::among(conn, &addresses)?;
    mailboxes.retain(|mailbox| !silent.contains(&mailbox.folded));
    Ok(mailboxes)
}

/// What this person (nobody known, when `None`) chose for a mailbox about one thing.
pub fn find(
    conn: &mut Conn,
    mailbox: MailboxId,
    scope: Scope,
    target: TargetId,
    person: Option<PersonId>,
) -> Result<Option<Subscription>> {
    let query = subscriptions::table
        .filter(subscriptions::mailbox_id.eq(mailbox))
        .filter(subscriptions::scope.eq(Named(scope)))
        .filter(subscriptions::target.eq(target))
        .into_boxed();
    let query = match person {
        Some(person) => query.filter(subscriptions::person_id.eq(person)),
        None => query.filter(subscriptions::person_id.is_null()),
    };
    Ok(query.first(conn).optional()?)
}

/// What the site chose for the authors of a page, and they did not leave.
pub fn named(conn: &mut Conn, thread: ThreadId) -> Result<Vec<Subscription>> {
    let target: TargetId = thread.cast();
    let query = subscriptions::table
        .filter(subscriptions::scope.eq(Named(Scope::Article)))
        .filter(subscriptions::target.eq(target))
        .filter(subscriptions::state.ne(Named(Standing::Ended)))
        .filter(subscriptions::form.eq(Named(Form::Staff)))
        .order(subscriptions::mailbox_id);
    Ok(query.load(conn)?)
}

/// Whether the mailbox agreed to anything of this kind that only a site chooses for it; see [`Subscription::is_of_site`].
pub fn trusts_site(conn: &mut Conn, mailbox: MailboxId, scope: Scope) -> Result<bool> {
    let agreed = subscriptions::table
        .filter(subscriptions::mailbox_id.eq(mailbox))
        .filter(subscriptions::state.eq(Named(Standing::Active)))
        .filter(subscriptions::person_id.is_null())
        .filter(subscriptions::scope.eq(Named(scope)));
    Ok(diesel::select(diesel::dsl::exists(agreed)).get_result(conn)?)
}

/// Whether the mailbox's owner is the author of articles, and wants to hear of none: all were left, or the question was not
/// answered in time.
pub fn declines_articles(conn: &mut Conn, mailbox: MailboxId) -> Result<bool> {
    let of_articles = subscriptions::table
        .filter(subscriptions::mailbox_id.eq(mailbox))
        .filter(subscriptions::scope.eq(Named(Scope::Article)))
        .select(subscriptions::state);
    let states: Vec<Named<Standing>> = of_articles.distinct().load(conn)?;
    Ok(states.as_slice() == [Named(Standing::Ended)])
}

/// Adds a choice.
pub fn insert(conn: &mut Conn, subscription: &Subscription) -> Result<()> {
    diesel::insert_into(subscriptions::table)
        .values(subscription)
        .execute(conn)?;
    Ok(())
}

/// Replaces a choice, which was read behind its mailbox's lock.
pub fn replace(conn: &mut Conn, subscription: &Subscription) -> Result<()> {
    diesel::update(subscriptions::table.find(subscription.id))
        .set(subscription)
        .execute(conn)?;
    Ok(())
}

/// Takes a choice away.
pub fn delete(conn: &mut Conn, id: SubscriptionId) -> Result<()> {
    diesel::delete(subscriptions::table.find(id)).execute(conn)?;
    Ok(())
}

/// A mailbox's choices in that state, the latest first, at most `limit`.
pub fn of_mailbox(
    conn: &mut Conn,
    mailbox: MailboxId,
    state: Standing,
    limit: i64,
) -> Result<Vec<Subscription>> {
    let query = subscriptions::table
        .filter(subscriptions::mailbox_id.eq(mailbox))
        .filter(subscriptions::state.eq(Named(state)))
        .order((subscriptions::asked_at.desc(), subscriptions::id.desc()))
        .limit(limit);
    Ok(query.load(conn)?)
}

/// What this person chose about a thread and did not leave, the latest first, at most `limit`.
pub fn of_person(
    conn: &mut Conn,
    person: PersonId,
    thread: ThreadId,
    limit: i64,
) -> Result<Vec<Subscription>> {
    let query = subscriptions::table
        .filter(subscriptions::person_id.eq(person))
        .filter(subscriptions::thread_id.eq(thread))
        .filter(subscriptions::state.ne(Named(Standing::Ended)))
        .order((subscriptions::asked_at.desc(), subscriptions::id.desc()))
        .limit(limit);
    Ok(query.load(conn)?)
}

/// Forgets at most `limit` choices that were not confirmed in time; gives how many. That an article's author did not answer is
/// remembered as leaving is: or each time the site names them, they would be asked again.
pub fn forget_pending(conn: &mut Conn, now: Time, limit: i64) -> Result<usize> {
    let old: Vec<SubscriptionId> = subscriptions::table
        // Spelled out, so that SQLite sees that its partial index applies.
        .filter(Literal("state = 'pending'"))
        .filter(subscriptions::expires_at.le(now))
        .limit(limit)
        .select(subscriptions::id)
        .load(conn)?;
    let old = subscriptions::table
        .filter(subscriptions::id.eq_any(old))
        .filter(subscriptions::state.eq(Named(Standing::Pending)))
        .filter(subscriptions::expires_at.le(now));
    let unanswered = old
        .clone()
        .filter(subscriptions::scope.eq(Named(Scope::Article)))
        .filter(subscriptions::form.eq(Named(Form::Staff)))
        .filter(subscriptions::letter_at.is_not_null());
    let ended = diesel::update(unanswered)
        .set(subscriptions::state.eq(Named(Standing::Ended)))
        .execute(conn)?;
    Ok(ended + diesel::delete(old).execute(conn)?)
}

/// Forgets every choice of a mailbox.
pub fn forget_all(conn: &mut Conn, mailbox: MailboxId) -> Result<()> {
    let all = subscriptions::table.filter(subscriptions::mailbox_id.eq(mailbox));
    diesel::delete(all).execute(conn)?;
    Ok(())
}

/// Hands a person's choices over to somebody whom they turned out to be. What both chose stays once.
pub fn hand_over(conn: &mut Conn, from: PersonId, to: PersonId) -> Result<()> {
    let theirs: Vec<Subscription> = subscriptions::table
        .filter(subscriptions::person_id.eq(from))
        .load(conn)?;
    for row in theirs {
        let known = find(conn, row.mailbox_id, *row.scope, row.target, Some(to))?;
        let row = subscriptions::table.find(row.id);
        match known {
            Some(_) => diesel::delete(row).execute(conn)?,
            None => diesel::update(row)
                .set(subscriptions::person_id.eq(to))
                .execute(conn)?,
        };
    }
    Ok(())
}
