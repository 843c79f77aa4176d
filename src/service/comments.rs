//! Writing, editing and deleting comments.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bans;
use super::caller::Caller;
use super::consent::Asker;
use super::drafts;
use super::hearing;
use super::history;
use super::idempotency::{self, Retry};
use super::identity::{self, Minted};
use super::joining;
use super::judging::{self, Case, Judges};
use super::lessons;
use super::page_fetch;
use super::passages::{self, About};
use super::publishing;
use super::session_kinds::Whence;
use super::signing::{self, Signature};
use super::subscriptions::{self, Notify};
use super::threads::Page;
use super::work::{self, Brought};
use crate::domain::id::{CommentId, PersonId};
use crate::domain::invalid::Invalid;
use crate::domain::judgement::{Outcome as Fate, Ruling};
use crate::domain::markdown::SafeHtml;
use crate::domain::network::Network;
use crate::domain::subscription::Frequency;
use crate::domain::text::{CommentSource, Email, Title};
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::visibility::{CommentSight, Quotation};
use crate::domain::word::{EventKind, Kind, Status};
use crate::error::{Error, Result};
use crate::store::comments::{self, Comment, Text};
use crate::store::drafts as stored;
use crate::store::events::{self, Locked};
use crate::store::page_hints::{self, PageHint};
use crate::store::people::{self, Changes, Person};
use crate::store::revisions;
use crate::store::sites::{self, Site};
use crate::store::threads;
use crate::store::{Conn, Store, Tx, mailboxes, outbox, reactions, votes};
use crate::view;

/// A comment that was parsed at the door, and not yet judged.
#[derive(Clone)]
pub struct Draft {
    /// Where it is written.
    pub page: Page,
    /// What the browser says the page is called.
    pub title: Option<Title>,
    /// What it answers.
    pub parent: Option<CommentId>,
    /// The passage it is about; not with `parent`.
    pub about: Option<About>,
    /// Its text.
    pub source: CommentSource,
    /// Its text, rendered.
    pub html: SafeHtml,
    /// How a guest signs it.
    pub signature: Signature,
    /// What its author wants to be told of.
    pub notify: Option<Notify>,
    /// The address given with it, also where the site asks guests for none.
    pub email: Option<Email>,
    /// Where it comes from, if it comes from anywhere.
    pub network: Option<Network>,
    /// From which page.
    pub whence: Whence,
    /// Whether the form was filled in as no person does.
    pub hasty: bool,
    /// The proof of work that came with it.
    pub work: Brought,
}

/// What became of a comment.
pub struct Posted {
    /// The comment, as its author sees it.
    pub comment: view::comment::OwnComment,
    /// Its id.
    pub id: CommentId,
    /// Whether it waits for a moderator.
    pub held: bool,
    /// What makes a guest who came without a token its owner.
    pub minted: Option<Minted>,
    /// Whether this is the answer to a request that was sent before.
    pub replayed: bool,
}

/// What an idempotency key remembers of a comment.
#[derive(Serialize, Deserialize)]
pub(super) struct Outcome {
    comment: CommentId,
    /// The guest whom this request made known, if it did.
    guest: Option<PersonId>,
}

/// Posts a comment.
///
/// # Errors
/// [`Error::GuestsNotAllowed`], [`Error::Banned`], [`Error::ThreadClosed`], `parent_unknown`, `name_reserved`, a required
/// field that is missing, those of a passage that it is about, [`Error::IdempotencyKeyReused`], and where proof of work
/// is needed [`Error::WorkRequired`] and what is wrong with the one that came.
pub async fn post(
    store: &Store,
    keys: &Keys,
    judges: &Judges,
    caller: &Caller,
    draft: Draft,
    retry: Option<Retry>,
    now: Time,
) -> Result<Posted> {
    let draft = Arc::new(draft);
    let heard = hearing::of_new(store, keys, judges, caller, &draft, retry.as_ref(), now).await?;
    let (caller, keys, judges) = (caller.clone(), keys.clone(), judges.clone());
    let posted = store
        .write(move |tx| {
            if let Some(outcome) = idempotency::recall::<Outcome>(tx, retry.as_ref())? {
                return replay(tx, &keys, &outcome, &draft.whence, now).map(Some);
            }
            let site = sites::by_id(tx, draft.page.site)?.ok_or(Error::UnknownSite)?;
            let (mut author, is_new) = author(tx, &site, &caller, now)?;
            let (thread, _) = draft.page.thread(tx)?;
            if judging::turn_away(tx, &keys, &author, draft.network, thread, now)? {
                return Ok(None);
            }
            if let Some(heard) = &heard
                && work::is_needed(&site, &author, heard, &draft.work, now)
            {
                draft.work.spend(tx, &site)?;
            }
            let (signature, changes) = sign(tx, &site, &mut author, &draft.signature)?;
            match is_new {
                true => people::insert(tx, &author)?,
                false => people::update(tx, author.id, &changes)?,
            }
            let mut thread = open_thread(tx, &site, &draft, now)?;
            let mut beside = joining::beside(tx, &thread, draft.parent)?;
            let home = beside.as_ref().unwrap_or(&thread);
            let mut comment = place(tx, &site, home, author.id, &draft, now)?;
            let mut quotes_unfound = false;
            if let Some(about) = &draft.about {
                let who = (&caller, &author);
                let passage = passages::find_or_make(tx, &site, &thread, who, about, now)?;
                comment.passage_id = Some(passage.id);
                quotes_unfound = passage.quotation(&site.policy) == Quotation::Waiting;
            }
            comment.author_name = signature.name.map(|name| name.to_string());
            comment.author_website = signature.website.map(|website| website.to_string());
            let ruling = match &heard {
                None => judging::exempt(&caller, site.id)?,
                Some(heard) => judging::judge(
                    tx,
                    &Case {
                        site: &site,
                        thread: &thread,
                        comment: comment.id,
                        author: &author,
                        heard,
                        now,
                    },
                )?,
            };
            if let Some(notify) = draft.notify {
                let email = draft.email.as_ref();
                subscriptions::with_comment(tx, &site, &author, thread.id, notify, email, now)?;
            }
            let url = draft.page.url.as_str();
            if ruling.outcome == Fate::Publish && !thread.has_address() && thread.url != url {
                // Nothing is published there, so whoever came first has no say in where it is.
                threads::set_url(tx, &mut thread, url)?;
            }
            let home = beside.as_mut().unwrap_or(&mut thread);
            publishing::receive(tx, home, &mut comment, &ruling, now)?;
            if let Some(heard) = &heard {
                judging::remember(tx, &comment, heard, &ruling, now)?;
            }
            if *comment.status != Status::Published {
                keep_hint(tx, &thread, &comment, &draft)?;
            }
            if judges.asks_pages && *comment.status != Status::Rejected {
                page_fetch::ask(tx, &site, &thread, &draft.page.url, quotes_unfound, now)?;
            }
            if let Some(network) = draft.network {
                bans::remember_network(tx, &keys, site.id, comment.id, network, now)?;
            }
            if *comment.status == Status::Published {
                let asker = draft.network.map(|from| Asker::new(&keys, from, now));
                subscriptions::ask_for(tx, &comment, asker.as_ref(), now)?;
            }
            if ruling.outcome == Fate::Hold {
                tell_moderators(tx, &site, &comment, now)?;
            }
            let minted = match is_new {
                true => Some(identity::begin_session(
                    tx,
                    &keys,
                    &author,
                    &draft.whence,
                    now,
                )?),
                false => None,
            };
            let outcome = Outcome {
                comment: comment.id,
                guest: is_new.then_some(author.id),
            };
            idempotency::remember(tx, retry.as_ref(), &outcome, now)?;
            posted(tx, comment.id, minted, false).map(Some)
        })
        .await?;
    posted.ok_or(Error::Banned)
}

fn posted(tx: &mut Tx, id: CommentId, minted: Option<Minted>, replayed: bool) -> Result<Posted> {
    let row = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
    let held = *row.status != Status::Published;
    let comment = view::comment::own_one(tx, &row)?;
    Ok(Posted {
        comment,
        id,
        held,
        minted,
        replayed,
    })
}

fn replay(
    tx: &mut Tx,
    keys: &Keys,
    outcome: &Outcome,
    whence: &Whence,
    now: Time,
) -> Result<Posted> {
    let Some(guest) = outcome.guest else {
        return posted(tx, outcome.comment, None, true);
    };
    // The token is minted again rather than kept: whoever holds the key and the body is the author.
    if let Some((minted, _)) = identity::begin_again(tx, keys, guest, whence, now)? {
        return posted(tx, outcome.comment, Some(minted), true);
    }
    // Unless the author wanted nobody to be it any more: then it is anybody, who sees what everybody does.
    let row = comments::by_id(tx, outcome.comment)?.ok_or(Error::NotFound)?;
    let held = *row.status != Status::Published;
    Ok(Posted {
        comment: view::comment::from_outside(tx, &row)?,
        id: row.id,
        held,
        minted: None,
        replayed: true,
    })
}

/// The person who writes, and whether they are yet to be stored: a guest who writes for the first time.
pub(super) fn author(
    conn: &mut Conn,
    site: &Site,
    caller: &Caller,
    now: Time,
) -> Result<(Person, bool)> {
    if caller.authority.is_none() {
        if !site.policy.guests {
            return Err(Error::GuestsNotAllowed);
        }
        return Ok((Person::guest(site.id, now), true));
    }
    let known = caller.person_on(site.id)?;
    // What the token's lookup read may be older than this transaction.
    let person = people::by_id(conn, known.id)?.ok_or(Error::TokenInvalid)?;
    if *person.kind == Kind::Guest && !site.policy.guests {
        return Err(Error::GuestsNotAllowed);
    }
    Ok((person, false))
}

/// How the comment is signed, and what is new of its author.
pub(super) fn sign(
    conn: &mut Conn,
    site: &Site,
    author: &mut Person,
    given: &Signature,
) -> Result<(Signature, Changes)> {
    let signature = Signature::beneath(given, Some(author), &site.policy);
    if *author.kind != Kind::Guest {
        return Ok((signature, Changes::default()));
    }
    signature.check_required(&site.policy)?;
    if let Some(name) = &signature.name {
        signing::check_name(conn, site, name, "/author/name", Some(author))?;
    }
    let given = given.clone().without_hidden(&site.policy);
    let changes = signing::note(author, &given);
    Ok((signature, changes))
}

fn open_thread(tx: &mut Tx, site: &Site, draft: &Draft, now: Time) -> Result<Locked> {
    let (thread, _) = super::threads::find_or_make(tx, &draft.page, now)?;
    if !view::thread::is_open(&thread, &site.policy, now) {
        return Err(Error::ThreadClosed);
    }
    Ok(thread)
}

/// Keeps what a browser said of the page for whoever decides about the comment, as far as nobody knows better.
fn keep_hint(tx: &mut Tx, thread: &Locked, comment: &Comment, draft: &Draft) -> Result<()> {
    let title = draft.title.as_ref().filter(|_| thread.title().is_none());
    if title.is_none() && thread.url_known {
        return Ok(());
    }
    let hint = PageHint {
        comment_id: comment.id,
        url: draft.page.url.to_string(),
        title: title.map(ToString::to_string),
    };
    page_hints::insert(tx, &hint)
}

/// Where the comment stands in its thread. A deeper answer than the site allows attaches to the
/// deepest allowed level and says whom it answers.
fn place(
    tx: &mut Tx,
    site: &Site,
    thread: &Locked,
    author: PersonId,
    draft: &Draft,
    now: Time,
) -> Result<Comment> {
    let mut comment = Comment::new(thread, author, now);
    comment.body = draft.source.as_str().to_owned();
    comment.body_html = draft.html.as_str().to_owned();
    comment.renderer = draft.html.renderer();
    let Some(answered) = draft.parent else {
        return Ok(comment);
    };
    let target = comments::by_id(tx, answered)?
        .filter(|target| target.thread_id == thread.id)
        .filter(|target| target.sight(thread) == CommentSight::Whole)
        .ok_or_else(|| {
            let detail = "There is no such comment in this thread to answer.";
            Error::field("/parent_id", Invalid::new("parent_unknown", detail))
        })?;
    let mut parent = target.clone();
    while parent.depth + 1 > site.policy.depth
        && let Some(above) = parent.parent_id
    {
        parent = comments::by_id(tx, above)?.ok_or(Error::NotFound)?;
    }
    comment.parent_id = Some(parent.id);
    comment.root_id = parent.root_id;
    comment.depth = parent.depth + 1;
    comment.reply_to = (parent.id != target.id).then_some(target.id);
    Ok(comment)
}

pub(super) fn tell_moderators(
    tx: &mut Tx,
    site: &Site,
    comment: &Comment,
    now: Time,
) -> Result<()> {
    for moderator in people::moderators_with_email(tx, site.id)? {
        let Some(mailbox) = mailboxes::of_staff(tx, &moderator, &site.locale, now)? else {
            continue;
        };
        let call = outbox::Call {
            kind: outbox::COMMENT_WAITING,
            subject: comment.id.cast(),
            recipient: mailbox.id,
            site: site.id,
            thread: Some(comment.thread_id),
            cadence: Frequency::Instant,
            causes: Vec::new(),
        };
        outbox::post(tx, &call, now)?;
    }
    Ok(())
}

/// A new text for a comment.
#[derive(Clone)]
pub struct Edit {
    /// The Markdown.
    pub source: CommentSource,
    /// The Markdown, rendered.
    pub html: SafeHtml,
    /// Where it comes from.
    pub network: Option<Network>,
}

/// Replaces a comment's text; the earlier one is kept. The new text is judged like a new comment's: when it is held, everybody
/// goes on reading the one before. Gives the comment as its author sees it, and whether it waits now.
///
/// # Errors
/// [`Error::NotFound`] for what is not there or not the caller's to see, [`Error::Forbidden`],
/// [`Error::EditWindowOver`].
pub async fn edit(
    store: &Store,
    keys: &Keys,
    judges: &Judges,
    caller: &Caller,
    id: CommentId,
    edit: Edit,
    now: Time,
) -> Result<(view::comment::OwnComment, bool)> {
    let edit = Arc::new(edit);
    let heard = hearing::of_edit(store, keys, judges, caller, id, &edit, now).await?;
    let (caller, keys) = (caller.clone(), keys.clone());
    let edited = store
        .write(move |tx| {
            let (mut thread, mut comment) = own(tx, &caller, id)?;
            let author = people::by_id(tx, comment.person_id)?.ok_or(Error::NotFound)?;
            if judging::turn_away(tx, &keys, &author, edit.network, thread.id, now)? {
                return Ok(None);
            }
            let site = sites::by_id(tx, comment.site_id)?.ok_or(Error::NotFound)?;
            check_editable(&comment, &site, now)?;
            let text = edit.source.as_str();
            if text == comment.body && comment.draft {
                // Who writes what everybody reads has thought better of it: nothing waits any more. The text is kept, so that no
                // other ever bears its number, which a moderator may have read.
                drafts::lay_aside(tx, &mut comment, Vec::new(), now)?;
            }
            if drafts::is_news(tx, &comment, text)? {
                let ruling = match &heard {
                    None => judging::exempt(&caller, site.id)?,
                    Some(heard) => judging::judge(
                        tx,
                        &Case {
                            site: &site,
                            thread: &thread,
                            comment: id,
                            author: &author,
                            heard,
                            now,
                        },
                    )?,
                };
                if let Some(heard) = &heard {
                    comments::set_risk(tx, id, ruling.risk())?;
                    judging::forget(tx, id)?;
                    judging::remember(tx, &comment, heard, &ruling, now)?;
                }
                if comment.renderer != edit.html.renderer() {
                    // Its earlier texts are by another.
                    comments::set_renderer(tx, id, 0)?;
                }
                let text = Text {
                    revision: drafts::next_revision(tx, &comment)?,
                    body: edit.source.as_str().to_owned(),
                    body_html: edit.html.as_str().to_owned(),
                    edited_at: Some(now),
                };
                carry_out(tx, &site, &mut thread, &mut comment, text, ruling, now)?;
            }
            let row = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
            let held = *row.status != Status::Published || row.draft;
            Ok(Some((view::comment::own_one(tx, &row)?, held)))
        })
        .await?;
    edited.ok_or(Error::Banned)
}

/// Refuses to have a comment's text replaced that stays as it is.
pub(super) fn check_editable(comment: &Comment, site: &Site, now: Time) -> Result<()> {
    match *comment.status {
        Status::Pending | Status::Published => {}
        Status::Deleted => return Err(Error::NotFound),
        _ => {
            let detail = "A comment that was turned down stays as it is.";
            return Err(Error::Forbidden(detail));
        }
    }
    if comment.created_at.plus(site.policy.edit_span()) < now {
        return Err(Error::EditWindowOver);
    }
    Ok(())
}

/// Does with a comment that was written anew as was ruled.
fn carry_out(
    tx: &mut Tx,
    site: &Site,
    thread: &mut Locked,
    comment: &mut Comment,
    text: Text,
    ruling: Ruling,
    now: Time,
) -> Result<()> {
    let was_public = *comment.status == Status::Published;
    let was_waiting = comment.draft || *comment.status == Status::Pending;
    if ruling.outcome == Fate::Reject || (ruling.outcome == Fate::Hold && !was_waiting) {
        publishing::count_today(tx, comment, &publishing::held_for(&ruling.reasons), now)?;
    }
    // What waited goes on waiting: an edit is no way past a moderator.
    let waits = ruling.outcome == Fate::Hold || (comment.draft && ruling.outcome == Fate::Publish);
    if was_public && waits {
        drafts::hold(tx, comment, text, ruling.reasons, now)?;
        // They know of it, and find there what waits now.
        return match was_waiting {
            true => Ok(()),
            false => tell_moderators(tx, site, comment, now),
        };
    }
    drafts::forget(tx, comment)?;
    revisions::insert(tx, &history::present(comment))?;
    drafts::rewrite(tx, comment, text)?;
    match (was_public, ruling.outcome) {
        (true, Fate::Publish) => {
            events::append(tx, thread, EventKind::CommentUpdated, Some(comment.id), now)?;
        }
        (true, Fate::Reject) => {
            publishing::withdraw(tx, thread, comment, Status::Rejected, ruling.reasons, now)?;
        }
        (false, Fate::Reject) => {
            publishing::hold(tx, comment, Status::Rejected, ruling.reasons, now)?;
        }
        (true, Fate::Hold) | (false, _) => {}
    }
    Ok(())
}

/// Takes a comment back for good: the text, its earlier texts, the name, votes and reactions go; a
/// tombstone stays where something answers it. Deleting twice is deleting once.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`].
pub async fn delete(store: &Store, caller: &Caller, id: CommentId, now: Time) -> Result<()> {
    let caller = caller.clone();
    store
        .write(move |tx| {
            let (mut thread, mut comment) = own(tx, &caller, id)?;
            match *comment.status {
                Status::Deleted => return Ok(()),
                Status::Published => publishing::withdraw(
                    tx,
                    &mut thread,
                    &mut comment,
                    Status::Deleted,
                    Vec::new(),
                    now,
                )?,
                _ => publishing::hold(tx, &mut comment, Status::Deleted, Vec::new(), now)?,
            }
            comments::erase(tx, id)?;
            revisions::erase(tx, id)?;
            lessons::erase(tx, id)?;
            judging::forget(tx, id)?;
            stored::erase(tx, id)?;
            page_hints::erase(tx, id)?;
            votes::erase(tx, id)?;
            reactions::erase(tx, id)
        })
        .await
}

/// A comment that the caller wrote, with its thread locked.
fn own(tx: &mut Tx, caller: &Caller, id: CommentId) -> Result<(Locked, Comment)> {
    // Before anything is looked up: whoever is nobody learns nothing of what is held.
    if caller.authority.is_none() {
        return Err(Error::Unauthorized);
    }
    let found = comments::by_id(tx, id)?.ok_or(Error::NotFound)?;
    if !caller.wrote(&found) {
        // What the public does not see is not there for strangers.
        return Err(match *found.status {
            Status::Published => Error::Forbidden("Only its author may change a comment."),
            _ => Error::NotFound,
        });
    }
    caller.person_on(found.site_id)?;
    Locked::around(tx, id)
}

/// A published comment, with its thread locked, for whoever votes on it or reacts to it.
pub(super) fn published(tx: &mut Tx, id: CommentId) -> Result<(Locked, Comment)> {
    let (thread, comment) = Locked::around(tx, id)?;
    match comment.sight(&thread) {
        CommentSight::Whole => Ok((thread, comment)),
        _ => Err(Error::NotFound),
    }
}
