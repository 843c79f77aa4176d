//! "Notify of": choosing what to be told of, where one reads and where one writes, and changing one's mind
//! with one's own token. Consent is `consent.rs`, what letters lead to is `leaving.rs`.

use super::caller::Caller;
use super::consent::{self, Asker, Choice};
use super::threads::Page;
use crate::domain::id::{CommentId, PersonId, SiteId, SubscriptionId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::subscription::{Act, Form, Frequency, Scope, Standing};
use crate::domain::text::Email;
use crate::domain::time::Time;
use crate::domain::visibility::CommentSight;
use crate::domain::word::Role;
use crate::error::{Error, Result};
use crate::store::comments::Comment;
use crate::store::events::Locked;
use crate::store::mailboxes::{self, Mailbox};
use crate::store::people::{self, Person};
use crate::store::sites::{self, Site};
use crate::store::subscriptions::{self, Subscription};
use crate::store::types::Named;
use crate::store::{Conn, Store, Tx, comments, consents};

/// How many choices a person may have on one thread.
const ON_A_THREAD: i64 = 100;

/// What somebody asks to be told of, parsed.
#[derive(Debug, Clone)]
pub enum Wish {
    /// Every new comment of a page's thread.
    Thread(Page),
    /// Answers to oneself on a page's thread.
    Replies(Page),
    /// Direct answers to a comment.
    Comment(CommentId),
    /// Everything that somebody writes on the site.
    Author(PersonId),
    /// Every comment on the site.
    Site,
    /// Every comment on an article of one's own.
    Article(Page),
}

/// A wish, with where and how soon.
#[derive(Debug, Clone)]
pub struct Request {
    /// What.
    pub wish: Wish,
    /// Where; `None`: at the address that the caller is known by.
    pub email: Option<Email>,
    /// How soon.
    pub frequency: Frequency,
}

/// Writes down what somebody asks to be told of. Whatever is known of the address, there is nothing to
/// see in what this gives.
///
/// # Errors
/// `email_required`, `comment_unknown`, `person_unknown`, [`Error::Unauthorized`], [`Error::Forbidden`].
pub async fn subscribe(
    store: &Store,
    caller: &Caller,
    asker: Asker,
    site: SiteId,
    request: Request,
    now: Time,
) -> Result<()> {
    let caller = caller.clone();
    let Request {
        wish,
        email,
        frequency,
    } = request;
    match wish {
        Wish::Site => {
            caller.must_change(Role::Moderator, Some(site))?;
        }
        Wish::Article(_) => {
            caller.must_change(Role::Author, Some(site))?;
        }
        Wish::Replies(_) => {
            caller.person_on(site)?;
        }
        Wish::Thread(_) | Wish::Comment(_) | Wish::Author(_) => {}
    }
    store
        .write(move |tx| {
            let site = sites::by_id(tx, site)?.ok_or(Error::UnknownSite)?;
            let person = present(tx, &caller, site.id)?;
            let choice = choice(tx, &site, &wish, frequency)?;
            let mailbox = mailbox(tx, &site, person.as_ref(), email.as_ref(), "/email", now)?;
            consent::choose(tx, &mailbox, person.as_ref(), &choice, now)?;
            let person = person.map(|person| person.id);
            consent::ask(tx, &mailbox, person, Some(&asker), now)
        })
        .await
}

/// Whoever calls, as they are now; nobody when their token is nobody's on this site.
fn present(conn: &mut Conn, caller: &Caller, site: SiteId) -> Result<Option<Person>> {
    if caller
        .authority
        .is_some_and(|authority| authority.read_only)
    {
        return Err(Error::Forbidden("This token may only read."));
    }
    match &caller.person {
        Some(person) if person.site_id == site => people::by_id(conn, person.id),
        Some(_) => Err(Error::Forbidden(
            "This token belongs to nobody on this site.",
        )),
        None => Ok(None),
    }
}

fn choice(tx: &mut Tx, site: &Site, wish: &Wish, frequency: Frequency) -> Result<Choice> {
    let (scope, target, thread) = match wish {
        Wish::Thread(page) | Wish::Replies(page) | Wish::Article(page) => {
            let (thread, written) = page.thread(tx)?;
            // Behind its lock, so that the choice is not left behind by a thread that is being joined.
            let thread = match written {
                Some(_) => Locked::lock(tx, thread)?.id,
                None => thread,
            };
            let scope = match wish {
                Wish::Thread(_) => Scope::Thread,
                Wish::Replies(_) => Scope::Replies,
                _ => Scope::Article,
            };
            (scope, thread.cast(), Some(thread))
        }
        Wish::Comment(id) => {
            let unknown = || {
                let detail = "There is no such comment on this site.";
                Error::field("/comment_id", Invalid::new("comment_unknown", detail))
            };
            let found = comments::by_id(tx, *id)?.filter(|row| row.site_id == site.id);
            found.ok_or_else(unknown)?;
            let (thread, comment) = Locked::around(tx, *id)?;
            if comment.sight(&thread) != CommentSight::Whole {
                return Err(unknown());
            }
            (Scope::Comment, id.cast(), Some(comment.thread_id))
        }
        Wish::Author(id) => {
            let known = people::by_id(tx, *id)?.filter(|row| row.site_id == site.id);
            known.ok_or_else(|| {
                let detail = "There is no such author on this site.";
                Error::field("/author_id", Invalid::new("person_unknown", detail))
            })?;
            (Scope::Author, id.cast(), None)
        }
        Wish::Site => (Scope::Site, site.id.cast(), None),
    };
    Ok(Choice {
        scope,
        target,
        thread,
        frequency,
        form: Form::Subscribe,
    })
}

/// The mailbox to tell, locked: of the address given, else of the one that the person confirmed last,
/// else of the one that they are known by.
fn mailbox(
    tx: &mut Tx,
    site: &Site,
    person: Option<&Person>,
    given: Option<&Email>,
    pointer: &str,
    now: Time,
) -> Result<Mailbox> {
    if let Some(email) = given {
        return locked(tx, site, email, now);
    }
    if let Some(person) = person {
        if let Some(known) = mailboxes::of_person(tx, person.id, 1)?.into_iter().next() {
            return mailboxes::lock(tx, known.id);
        }
        let email = person.email.as_deref().map(Email::parse);
        if let Some(Ok(email)) = email {
            return locked(tx, site, &email, now);
        }
    }
    let detail = "Notifications need an e-mail address.";
    Err(Error::field(
        pointer,
        Invalid::new("email_required", detail),
    ))
}

/// The mailbox of an address, locked; made now if there is none.
pub(super) fn locked(tx: &mut Tx, site: &Site, email: &Email, now: Time) -> Result<Mailbox> {
    let found = mailboxes::find_or_make(tx, site.id, email, &site.locale, now)?;
    match mailboxes::lock(tx, found.id) {
        // Forgotten since it was found: then there is none, and one is made.
        Err(Error::NotFound) => {
            let made = mailboxes::find_or_make(tx, site.id, email, &site.locale, now)?;
            mailboxes::lock(tx, made.id)
        }
        locked => locked,
    }
}

/// What one wants to be told of where one writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notify {
    /// Answers to oneself.
    Replies,
    /// Every new comment.
    All,
}

/// "Notify me of", in the form that a comment is written in: takes the place of what the same person chose
/// for this thread before. The letter that asks for confirmation is called for by [`ask_for`], once the comment
/// is published.
///
/// # Errors
/// `email_required`.
pub(super) fn with_comment(
    tx: &mut Tx,
    site: &Site,
    author: &Person,
    thread: ThreadId,
    notify: Notify,
    given: Option<&Email>,
    now: Time,
) -> Result<()> {
    let mailbox = mailbox(tx, site, Some(author), given, "/author/email", now)?;
    let choice = Choice {
        scope: match notify {
            Notify::Replies => Scope::Replies,
            Notify::All => Scope::Thread,
        },
        target: thread.cast(),
        thread: Some(thread),
        frequency: Frequency::Instant,
        form: Form::Comment,
    };
    for before in on_thread(tx, author.id, thread)? {
        if *before.scope != choice.scope {
            end(tx, before, Form::Comment, now)?;
        }
    }
    consent::choose(tx, &mailbox, Some(author), &choice, now)
}

/// Asks for the confirmation of what a comment's author chose on its thread and nobody was asked about yet.
/// Called when the comment is published: the letter about one that never is, is never written.
pub(super) fn ask_for(
    tx: &mut Tx,
    comment: &Comment,
    asker: Option<&Asker>,
    now: Time,
) -> Result<()> {
    let chosen = subscriptions::of_person(tx, comment.person_id, comment.thread_id, ON_A_THREAD)?;
    let mut waiting: Vec<_> = chosen
        .iter()
        .filter(|row| *row.state == Standing::Pending && row.letter_at.is_none())
        .map(|row| row.mailbox_id)
        .collect();
    waiting.sort();
    waiting.dedup();
    for id in waiting {
        let mailbox = mailboxes::lock(tx, id)?;
        consent::ask(tx, &mailbox, Some(comment.person_id), asker, now)?;
    }
    Ok(())
}

/// What a person chose for a thread as a whole.
fn on_thread(conn: &mut Conn, person: PersonId, thread: ThreadId) -> Result<Vec<Subscription>> {
    let mut chosen = subscriptions::of_person(conn, person, thread, ON_A_THREAD)?;
    chosen.retain(|row| matches!(*row.scope, Scope::Thread | Scope::Replies));
    Ok(chosen)
}

/// The one that tells most of what a person chose for a thread as a whole: what counts before what waits.
pub(super) fn of_overlay(
    conn: &mut Conn,
    person: PersonId,
    thread: ThreadId,
) -> Result<Option<Subscription>> {
    let mut chosen = on_thread(conn, person, thread)?;
    chosen.sort_by_key(|row| (*row.state != Standing::Active, *row.scope != Scope::Thread));
    Ok(chosen.into_iter().next())
}

/// Ends a choice, whose mailbox this transaction has locked or will not look at.
pub(super) fn end(tx: &mut Tx, mut row: Subscription, form: Form, now: Time) -> Result<()> {
    if *row.state == Standing::Ended {
        return Ok(());
    }
    row.state = Named(Standing::Ended);
    subscriptions::replace(tx, &row)?;
    consents::record(tx, &row, Act::Ended, form, now)
}

/// Changes how soon one is told.
pub(super) fn hurry(
    tx: &mut Tx,
    mut row: Subscription,
    frequency: Frequency,
    form: Form,
    now: Time,
) -> Result<Subscription> {
    if *row.frequency != frequency && *row.state != Standing::Ended {
        row.frequency = Named(frequency);
        subscriptions::replace(tx, &row)?;
        consents::record(tx, &row, Act::Changed, form, now)?;
    }
    Ok(row)
}

/// A choice of the caller's own, with its mailbox locked.
fn own(tx: &mut Tx, caller: &Caller, id: SubscriptionId) -> Result<Subscription> {
    caller.authority.ok_or(Error::Unauthorized)?;
    let find = |tx: &mut Tx| -> Result<Subscription> {
        let row = subscriptions::by_id(tx, id)?.ok_or(Error::NotFound)?;
        let person = caller.person.as_ref().map(|person| person.id);
        if person.is_none() || row.person_id != person || *row.state == Standing::Ended {
            return Err(Error::NotFound);
        }
        caller.person_on(row.site_id)?;
        Ok(row)
    };
    let mailbox = find(tx)?.mailbox_id;
    mailboxes::lock(tx, mailbox)?;
    find(tx)
}

/// Changes how soon the caller is told of what they chose.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::NotFound`] for what is not the caller's.
pub async fn change(
    store: &Store,
    caller: &Caller,
    id: SubscriptionId,
    frequency: Frequency,
    now: Time,
) -> Result<Subscription> {
    let caller = caller.clone();
    store
        .write(move |tx| {
            let row = own(tx, &caller, id)?;
            hurry(tx, row, frequency, Form::Token, now)
        })
        .await
}

/// Ends a choice of the caller's. What is not there is ended.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::NotFound`] for what is not the caller's.
pub async fn cancel(store: &Store, caller: &Caller, id: SubscriptionId, now: Time) -> Result<()> {
    let caller = caller.clone();
    store
        .write(move |tx| {
            let row = own(tx, &caller, id)?;
            end(tx, row, Form::Token, now)
        })
        .await
}
