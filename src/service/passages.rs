//! Passages: where readers' remarks meet, and what authors ask about their text.

use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use super::threads::may_be_unwritten;
use crate::domain::id::{PassageId, ThreadId};
use crate::domain::invalid::Invalid;
use crate::domain::passage::quoted::{PageText, Words};
use crate::domain::passage::selector::{PassageKey, Question, Target};
use crate::domain::passage::text::normalise;
use crate::domain::site::Policy;
use crate::domain::time::Time;
use crate::domain::visibility::Quotation;
use crate::domain::word::{FoundBy, Kind, Role, Selecting, ThreadState};
use crate::error::{Error, Result};
use crate::store::comments::Comment;
use crate::store::events::{self, Locked};
use crate::store::passages::{self, Passage, Place, Settings};
use crate::store::people::Person;
use crate::store::sites::{self, Site};
use crate::store::types::Named;
use crate::store::{Store, Tx, threads};
use crate::view;

/// Most passages of a thread that the public sees.
pub const MOST: usize = 1000;

/// Most passages of a thread in all: those whose remarks were turned down are kept too.
const MOST_KEPT: usize = 4 * MOST;

/// How many passages are written in one transaction.
const STEP: usize = 250;

/// What a comment is about, when it is about a passage.
#[derive(Debug, Clone)]
pub enum About {
    /// A passage that is there.
    Passage(PassageId),
    /// These words; the passage is made if this is the first that is heard of it.
    Words(Target),
}

/// The passage that a new comment is about.
///
/// # Errors
/// `passage_unknown`, [`Error::PassageClosed`], [`Error::PassagesNotAllowed`], [`Error::PassagesFull`].
pub(super) fn find_or_make(
    tx: &mut Tx,
    site: &Site,
    thread: &Locked,
    (caller, author): (&Caller, &Person),
    about: &About,
    now: Time,
) -> Result<Passage> {
    let found = match about {
        About::Passage(id) => {
            let found = passages::current(tx, *id)?;
            let found =
                found.filter(|passage| passage.thread_id == thread.id && passage.is_public());
            Some(found.ok_or_else(|| {
                let detail = "There is no such passage in this thread.";
                Error::field("/passage_id", Invalid::new("passage_unknown", detail))
            })?)
        }
        About::Words(target) => {
            if target.key.is_none() {
                check_selecting(site, caller, author)?;
            }
            let known = passages::of_thread(tx, thread.id)?;
            let found = struck(&known, target).or_else(|| meeting(&known, target, &site.policy));
            let found = found.cloned();
            if found.is_none() {
                check_room(&known)?;
            }
            found
        }
    };
    match (found, about) {
        (Some(passage), _) if *passage.state == ThreadState::Closed => Err(Error::PassageClosed),
        (Some(passage), _) => Ok(passage),
        (None, About::Words(target)) => {
            let mut passage = new(thread.id, target, now);
            passage.person_id = Some(author.id);
            if caller.directs(thread) {
                passage.found = Some(Named(FoundBy::Author));
            }
            passages::insert(tx, &passage)?;
            Ok(passage)
        }
        (None, About::Passage(_)) => Err(Error::NotFound),
    }
}

/// Who may select words of their own choosing. A key says that the page itself marks them, as its author wants.
fn check_selecting(site: &Site, caller: &Caller, author: &Person) -> Result<()> {
    let is_allowed = match site.policy.passages {
        Selecting::Everybody => true,
        Selecting::SignedIn => *author.kind != Kind::Guest,
        Selecting::Off => false,
    };
    match is_allowed || caller.has(Role::Author, site.id) {
        true => Ok(()),
        false => Err(Error::PassagesNotAllowed),
    }
}

fn check_room(known: &[Passage]) -> Result<()> {
    let public = known.iter().filter(|passage| passage.is_public()).count();
    match public < MOST && known.len() < MOST_KEPT {
        true => Ok(()),
        false => Err(Error::PassagesFull),
    }
}

/// The passage that has these words already. A planted one is met by its key alone; a key that only readers' browsers
/// told must come with the same words, so that nobody can put other words under it.
pub(super) fn meeting<'a>(
    known: &'a [Passage],
    target: &Target,
    policy: &Policy,
) -> Option<&'a Passage> {
    let key = target.key.as_ref().map(PassageKey::as_str);
    let same_key = |passage: &&Passage| passage.key.as_deref() == key;
    let planted = known
        .iter()
        .filter(same_key)
        .find(|passage| passage.planted && key.is_some());
    planted.or_else(|| {
        known
            .iter()
            .filter(same_key)
            .find(|passage| match passage.quotation(policy) {
                // Whoever made up words must not take in what others quote.
                Quotation::Waiting => passage.exact == target.quote.exact(),
                _ => passage.selector().meets(&target.selector),
            })
    })
}

/// The passage whose words the publisher took back, if these are they: no other key brings them back.
fn struck<'a>(known: &'a [Passage], target: &Target) -> Option<&'a Passage> {
    let mut struck = known.iter().filter(|passage| passage.struck);
    struck.find(|passage| passage.selector().meets(&target.selector))
}

fn new(thread: ThreadId, target: &Target, now: Time) -> Passage {
    let place = Place::of(&target.selector);
    Passage {
        id: PassageId::new(),
        thread_id: thread,
        key: target.key.as_ref().map(|key| key.as_str().to_owned()),
        planted: false,
        question: None,
        state: Named(ThreadState::Open),
        quote: target.quote.shown().to_owned(),
        exact: place.exact,
        prefix: place.prefix,
        suffix: place.suffix,
        position: place.position,
        person_id: None,
        answer_count: 0,
        revision: 1,
        created_at: now,
        updated_at: now,
        found: None,
        struck: false,
        joined_into: None,
    }
}

/// What an author plants in their text.
#[derive(Debug, Clone)]
pub struct Planting {
    /// The words; its key is set.
    pub target: Target,
    /// What is asked about them.
    pub question: Option<Question>,
    /// Whether it takes answers; `None`: as it did, or else it does.
    pub state: Option<ThreadState>,
}

/// Plants a passage, or replaces the one with that key; gives it, and whether it is new.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::NotFound`] for a page that has no thread yet,
/// [`Error::PassagesFull`].
pub async fn plant(
    store: &Store,
    caller: &Caller,
    thread: ThreadId,
    planting: Planting,
    now: Time,
) -> Result<(view::passage::Passage, bool)> {
    caller.must_be(Role::Author)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let mut thread = directed(tx, &caller, thread)?;
            let site = sites::by_id(tx, thread.site_id)?.ok_or(Error::NotFound)?;
            let known = passages::of_thread(tx, thread.id)?;
            let found = meeting(&known, &planting.target, &site.policy).cloned();
            let is_new = found.is_none();
            let place = Place::of(&planting.target.selector);
            let mut passage = match found {
                Some(passage) => passage,
                None => {
                    check_room(&known)?;
                    let mut passage = new(thread.id, &planting.target, now);
                    let own = caller.person.as_ref();
                    passage.person_id = own
                        .filter(|person| person.site_id == thread.site_id)
                        .map(|person| person.id);
                    passages::insert(tx, &passage)?;
                    passage
                }
            };
            let before = passage.clone();
            if passage.selector() != planting.target.selector {
                passages::place(tx, passage.id, passage.revision, &place, now)?;
            }
            let settings = Settings {
                planted: Some(true),
                question: Some(planting.question.as_ref().map(|q| q.as_str().to_owned())),
                state: planting.state.map(Named),
                quote: Some(planting.target.quote.shown().to_owned()),
                struck: None,
            };
            passages::set(tx, passage.id, &settings, now)?;
            events::append_passage(tx, &mut thread, Some(passage.id), now)?;
            passage = passages::by_id(tx, passage.id)?.ok_or(Error::NotFound)?;
            if is_new
                || passage.selector() != before.selector()
                || asked(&passage) != asked(&before)
            {
                record(tx, &caller, "plant", &thread, (&before, &passage), now)?;
            }
            Ok((
                view::passage::Passage::whole(&passage, &site.policy),
                is_new,
            ))
        })
        .await
}

/// What is decided about a passage; `None` leaves it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Direction {
    /// Whether it takes answers.
    pub state: Option<ThreadState>,
    /// Whether its words are taken back: nobody reads them any more, wherever they were quoted.
    pub struck: Option<bool>,
}

/// Opens or closes a passage, strikes its words or shows them again.
///
/// # Errors
/// [`Error::Unauthorized`], [`Error::Forbidden`], [`Error::NotFound`].
pub async fn direct(
    store: &Store,
    caller: &Caller,
    id: PassageId,
    direction: Direction,
    now: Time,
) -> Result<view::passage::Passage> {
    caller.must_be(Role::Author)?;
    let caller = caller.clone();
    store
        .write(move |tx| {
            let found = passages::current(tx, id)?.ok_or(Error::NotFound)?;
            let id = found.id;
            let mut thread = directed(tx, &caller, found.thread_id)?;
            // Read again behind the lock.
            let mut passage = passages::by_id(tx, id)?.ok_or(Error::NotFound)?;
            let site = sites::by_id(tx, thread.site_id)?.ok_or(Error::NotFound)?;
            let is_other = direction.state.is_some_and(|state| *passage.state != state)
                || direction
                    .struck
                    .is_some_and(|struck| passage.struck != struck);
            if is_other {
                let before = passage.clone();
                let settings = Settings {
                    state: direction.state.map(Named),
                    struck: direction.struck,
                    ..Settings::default()
                };
                passages::set(tx, id, &settings, now)?;
                if passage.is_public() {
                    events::append_passage(tx, &mut thread, Some(id), now)?;
                }
                passage = passages::by_id(tx, id)?.ok_or(Error::NotFound)?;
                record(tx, &caller, "direct", &thread, (&before, &passage), now)?;
            }
            Ok(view::passage::Passage::whole(&passage, &site.policy))
        })
        .await
}

/// Writes down what was done to a passage, but not its words, which may be anybody's.
fn record(
    tx: &mut Tx,
    caller: &Caller,
    action: &'static str,
    thread: &Locked,
    (before, after): (&Passage, &Passage),
    now: Time,
) -> Result<()> {
    let told = |passage: &Passage| json!({"state": *passage.state, "question": passage.question.is_some(), "struck": passage.struck});
    let act = Act {
        site: Some(thread.site_id),
        action,
        object: "passage",
        reason: None,
        note: None,
        was: told(before),
        became: told(after),
    };
    audit::record(tx, Some(caller), after.id, &act, now)
}

/// What a passage's author says of it.
fn asked(passage: &Passage) -> (bool, ThreadState, Option<&str>) {
    (passage.planted, *passage.state, passage.question.as_deref())
}

/// The thread, locked, for somebody who directs it.
pub(super) fn directed(tx: &mut Tx, caller: &Caller, id: ThreadId) -> Result<Locked> {
    let Some(row) = threads::current(tx, id)? else {
        may_be_unwritten(id)?;
        return Err(Error::NotFound);
    };
    caller.must_change(Role::Author, Some(row.site_id))?;
    if !caller.directs(&row) {
        return Err(Error::Forbidden("This page is another author's."));
    }
    Locked::lock(tx, id)
}

/// Says that words were approved with a comment about them, or that this was taken back; the thread's log says so if anybody sees
/// the passage.
pub(super) fn approve(
    tx: &mut Tx,
    thread: &mut Locked,
    comment: &Comment,
    is_approved: bool,
    now: Time,
) -> Result<()> {
    let Some(id) = comment.passage_id else {
        return Ok(());
    };
    let site = sites::by_id(tx, comment.site_id)?.ok_or(Error::NotFound)?;
    let before = passages::by_id(tx, id)?.ok_or(Error::NotFound)?;
    match is_approved {
        true => {
            passages::set_found(tx, id, FoundBy::Moderator, now)?;
        }
        false if !passages::is_approved_by_another(tx, id, comment.id)? => {
            passages::unset_approved(tx, id, now)?;
        }
        false => {}
    }
    let after = passages::by_id(tx, id)?.ok_or(Error::NotFound)?;
    if before.public(&site.policy) != after.public(&site.policy) {
        events::append_passage(tx, thread, Some(id), now)?;
    }
    Ok(())
}

/// Words that stand in a text of the publisher's, as they stand there.
#[derive(Debug, Clone)]
pub(super) struct Found {
    id: PassageId,
    words: Words,
    /// Whether it keeps the key that a reader's browser told.
    keeps_key: bool,
}

/// Which of these passages' words stand in a text of the publisher's. `marks` are the keys that stand with them there, if the text tells
/// any.
pub(super) fn found_in(
    text: &PageText,
    waiting: &[Passage],
    marks: Option<&[String]>,
) -> Vec<Found> {
    let found = waiting.iter().filter_map(|row| {
        // What is shown is what has to stand there.
        let exact = normalise(&row.quote);
        let words = text.find(&exact, &row.prefix, &row.suffix)?;
        let is_marked = |key: &String| marks.is_none_or(|marks| marks.contains(key));
        Some(Found {
            id: row.id,
            words,
            keeps_key: row.key.as_ref().is_none_or(is_marked),
        })
    });
    found.collect()
}

/// Keeps what was found, in steps: the words and what surrounds them are the publisher's from now on.
///
/// # Errors
/// An outage.
pub(super) async fn keep_found(
    store: &Store,
    thread: ThreadId,
    found: Vec<Found>,
    by: FoundBy,
    now: Time,
) -> Result<()> {
    for step in found.chunks(STEP) {
        let step = step.to_vec();
        store
            .write(move |tx| {
                let mut thread = Locked::lock(tx, thread)?;
                let mut seen = Vec::new();
                for Found {
                    id,
                    words,
                    keeps_key,
                } in &step
                {
                    if !passages::set_found(tx, *id, by, now)? {
                        continue;
                    }
                    let Some(row) = passages::by_id(tx, *id)? else {
                        continue;
                    };
                    if !keeps_key {
                        passages::unname(tx, *id)?;
                    }
                    if normalise(&row.quote) != words.exact {
                        let settings = Settings {
                            quote: Some(words.exact.clone()),
                            ..Settings::default()
                        };
                        passages::set(tx, *id, &settings, now)?;
                    }
                    let place = Place {
                        exact: words.exact.clone(),
                        prefix: words.prefix.clone(),
                        suffix: words.suffix.clone(),
                        position: row.position,
                    };
                    if Place::of(&row.selector()) != place {
                        passages::place(tx, *id, row.revision, &place, now)?;
                    }
                    seen.extend(row.is_public().then_some(*id));
                }
                match seen.as_slice() {
                    [] => {}
                    [only] => {
                        events::append_passage(tx, &mut thread, Some(*only), now)?;
                    }
                    _ => {
                        events::append_passage(tx, &mut thread, None, now)?;
                    }
                }
                Ok(())
            })
            .await?;
    }
    Ok(())
}
