//! What is found out about a comment before the transaction that judges it: what its words, its links and the site's spam model
//! say, in one read, and then what the site's adviser says of it.

use std::sync::Arc;

use super::advice::{self, Advice, Question};
use super::bans;
use super::caller::Caller;
use super::comments::{self, Draft, Edit, Outcome};
use super::drafts;
use super::idempotency::{self, Retry};
use super::judging::{self, Judges};
use super::passages::{About, meeting};
use super::signing::Signature;
use super::work;
use crate::domain::id::CommentId;
use crate::domain::judgement::Opinion;
use crate::domain::judgement::likeness::Print;
use crate::domain::judgement::spam::{Author, Score};
use crate::domain::judgement::words::Found;
use crate::domain::judgement::writing::Writing;
use crate::domain::markdown;
use crate::domain::time::Time;
use crate::domain::token::Keys;
use crate::domain::visibility::Quotation;
use crate::domain::word::Quotations;
use crate::error::Result;
use crate::store::comments as rows;
use crate::store::passages::Passage;
use crate::store::people::{self, Person};
use crate::store::sites::{self, Site};
use crate::store::threads::{self, Thread};
use crate::store::{Conn, Store, advisers, passages};
use crate::view;

/// What was found out about a comment before the transaction.
#[derive(Clone)]
pub(super) struct Heard {
    pub(super) author: Author,
    pub(super) links: u32,
    /// Whether an edit leads where the text before did not.
    pub(super) adds_links: bool,
    pub(super) found: Option<Found>,
    /// What of the word lists is in the title that came with it, where nobody knows a better one.
    pub(super) found_in_title: Option<Found>,
    pub(super) print: Option<Print>,
    pub(super) advice: Opinion,
    /// Whether there is an adviser who was not asked, since this was to be turned away.
    pub(super) is_unasked: bool,
    pub(super) spam: Option<Suspicion>,
}

/// What the site's spam model says.
#[derive(Clone)]
pub(super) struct Suspicion {
    pub(super) score: Score,
    pub(super) is_held: bool,
}

/// A text with what the spam model is told of it.
struct Said<'a> {
    writing: &'a Writing,
    /// What the page is called.
    title: Option<&'a str>,
    /// By whom, if they are known.
    person: Option<&'a Person>,
    /// See [`Author::hasty`].
    hasty: bool,
}

impl Heard {
    fn of(conn: &mut Conn, judges: &Judges, site: &Site, said: &Said) -> Result<Self> {
        let decided = |of: fn(&Person) -> i64| {
            let count = said.person.map_or(0, of);
            u32::try_from(count.max(0)).unwrap_or(u32::MAX)
        };
        let author = Author {
            spam: decided(|person| person.rejected),
            approved: decided(|person| person.approved),
            hasty: said.hasty,
        };
        let writing = said.writing;
        let model = judges.models.of(conn, site.id)?;
        let score = model.judge(writing, said.title, author);
        let percent = site.policy.spam_hold;
        let limit = percent.map(|percent| model.threshold(percent as f32 / 100.0));
        Ok(Self {
            author,
            links: u32::try_from(writing.links.len()).unwrap_or(u32::MAX),
            adds_links: false,
            found: judges.rules.find(conn, site.id, writing)?,
            found_in_title: None,
            print: Print::of(&writing.text, !writing.links.is_empty()),
            advice: Opinion::None,
            is_unasked: false,
            spam: Some(Suspicion {
                is_held: limit.is_some_and(|limit| score.log_odds > limit),
                score,
            }),
        })
    }

    /// Whether the comment leads anywhere.
    pub(super) fn has_links(&self) -> bool {
        self.links > 0
    }
}

/// What is to be known of a new comment; nothing of one that is not judged.
pub(super) async fn of_new(
    store: &Store,
    keys: &Keys,
    judges: &Judges,
    caller: &Caller,
    draft: &Arc<Draft>,
    retry: Option<&Retry>,
    now: Time,
) -> Result<Option<Heard>> {
    if !judging::are_judged(caller, draft.page.site) {
        return Ok(None);
    }
    let (keys, judges, caller) = (keys.clone(), judges.clone(), caller.clone());
    let (draft, retry, advice) = (draft.clone(), retry.cloned(), judges.advice.clone());
    let found = store.read(move |conn| {
        let Some(site) = sites::by_id(conn, draft.page.site)? else {
            // The transaction will find that out too.
            return Ok(None);
        };
        let person = caller.person.as_ref();
        let (_, thread) = draft.page.thread(conn)?;
        let signature = Signature::beneath(&draft.signature, person, &site.policy);
        let name = signature.name.as_ref().map(|name| name.as_str());
        let website = signature.website.as_ref().map(ToString::to_string);
        let known = thread.as_ref().and_then(Thread::title);
        let quoted = quoted(conn, &site, thread.as_ref(), draft.about.as_ref())?;
        let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
        let writing = Writing::of_html(draft.html.as_str()).quoting(&quoted);
        let said = Said {
            writing: &writing.signed(name, website.as_deref()),
            title: known,
            person,
            hasty: draft.hasty,
        };
        let mut heard = Heard::of(conn, &judges, &site, &said)?;
        if let (None, Some(title)) = (known, &draft.title) {
            // No reader sees it, but moderators do.
            let title = Writing {
                text: title.to_string(),
                ..Writing::default()
            };
            heard.found_in_title = judges.rules.find(conn, site.id, &title)?;
        }
        let known = known.map(str::to_owned);
        let Some(adviser) = advisers::of(conn, site.id)? else {
            return Ok(Some((heard, None)));
        };
        let is_open = thread.is_none_or(|it| view::thread::is_open(&it, &site.policy, now));
        heard.is_unasked = !is_open
            || idempotency::recall::<Outcome>(conn, retry.as_ref())?.is_some()
            || !may_write(conn, &keys, &site, &caller, &draft, &heard, now)?;
        let question = (!heard.is_unasked)
            .then(|| advice::about_new(adviser, &site, person, &draft, signature, known));
        Ok(Some((heard, question)))
    });
    with_advice(&advice, found.await?, now).await
}

/// The words that a comment quotes, what is said to stand around them, and what they are called, unless they are known to be the
/// publisher's. Whoever quotes what somebody else quoted before says it again.
fn quoted(
    conn: &mut Conn,
    site: &Site,
    thread: Option<&Thread>,
    about: Option<&About>,
) -> Result<Vec<String>> {
    let waits = |row: &Passage| row.quotation(&site.policy) == Quotation::Waiting;
    match about {
        None => Ok(Vec::new()),
        Some(About::Passage(id)) => {
            let row = passages::by_id(conn, *id)?.filter(waits);
            Ok(row.map_or_else(Vec::new, |row| vec![row.prefix, row.exact, row.suffix]))
        }
        Some(About::Words(target)) => {
            let known = match thread {
                Some(thread) => passages::of_thread(conn, thread.id)?,
                None => Vec::new(),
            };
            let is_known = match meeting(&known, target, &site.policy) {
                Some(row) => !waits(row),
                None => site.policy.quotations == Quotations::Trusted,
            };
            if is_known {
                return Ok(Vec::new());
            }
            let text = |chars: &[char]| chars.iter().collect();
            let selector = &target.selector;
            let mut words = vec![
                text(selector.prefix()),
                text(selector.exact()),
                text(selector.suffix()),
            ];
            words.extend(target.key.as_ref().map(|key| key.as_str().to_owned()));
            Ok(words)
        }
    }
}

/// Whether these people may write this at all, as things stand: nobody else's service hears of them otherwise.
fn may_write(
    conn: &mut Conn,
    keys: &Keys,
    site: &Site,
    caller: &Caller,
    draft: &Draft,
    heard: &Heard,
    now: Time,
) -> Result<bool> {
    let Ok((mut author, _)) = comments::author(conn, site, caller, now) else {
        return Ok(false);
    };
    Ok(
        bans::find(conn, keys, &author, draft.network, now)?.is_none()
            && comments::sign(conn, site, &mut author, &draft.signature).is_ok()
            && (!work::is_needed(site, &author, heard, &draft.work, now)
                || draft.work.is_good(conn)?),
    )
}

/// What is to be known of a comment's new text; nothing of one that is not judged.
pub(super) async fn of_edit(
    store: &Store,
    keys: &Keys,
    judges: &Judges,
    caller: &Caller,
    id: CommentId,
    edit: &Arc<Edit>,
    now: Time,
) -> Result<Option<Heard>> {
    let (keys, judges, caller) = (keys.clone(), judges.clone(), caller.clone());
    let (edit, advice) = (edit.clone(), judges.advice.clone());
    let found = store.read(move |conn| {
        // Whether the caller may know that is decided behind the lock; nobody else's text is looked at.
        let comment = rows::by_id(conn, id)?.filter(|comment| caller.wrote(comment));
        let Some(comment) = comment else {
            return Ok(None);
        };
        let judged = judging::are_judged(&caller, comment.site_id);
        let (Some(site), Some(author), true) = (
            sites::by_id(conn, comment.site_id)?,
            people::by_id(conn, comment.person_id)?,
            judged,
        ) else {
            return Ok(None);
        };
        let thread = threads::by_id(conn, comment.thread_id)?;
        let (name, website) = (&comment.author_name, &comment.author_website);
        let about = comment.passage_id.map(About::Passage);
        let quoted = quoted(conn, &site, thread.as_ref(), about.as_ref())?;
        let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
        let writing = Writing::of_html(edit.html.as_str()).quoting(&quoted);
        let said = Said {
            writing: &writing.signed(name.as_deref(), website.as_deref()),
            title: thread.as_ref().and_then(Thread::title),
            person: Some(&author),
            hasty: false,
        };
        // As it would be made HTML today: what was no link to an earlier renderer was not added now.
        let before = markdown::render(&comment.body, site.policy.line_breaks);
        let before = Writing::of_html(before.as_str()).links;
        let heard = Heard {
            adds_links: said.writing.links.iter().any(|link| !before.contains(link)),
            ..Heard::of(conn, &judges, &site, &said)?
        };
        let Some((adviser, thread)) = advisers::of(conn, site.id)?.zip(thread) else {
            return Ok(Some((heard, None)));
        };
        let is_unasked = comments::check_editable(&comment, &site, now).is_err()
            || !drafts::is_news(conn, &comment, edit.source.as_str())?
            || bans::find(conn, &keys, &author, edit.network, now)?.is_some();
        let heard = Heard {
            is_unasked,
            ..heard
        };
        let question = (!is_unasked)
            .then(|| advice::about_edit(adviser, &site, &author, thread, comment, &edit));
        Ok(Some((heard, question)))
    });
    with_advice(&advice, found.await?, now).await
}

async fn with_advice(
    advice: &Advice,
    found: Option<(Heard, Option<Question>)>,
    now: Time,
) -> Result<Option<Heard>> {
    let Some((heard, question)) = found else {
        return Ok(None);
    };
    let advice = match question {
        Some(question) => advice.ask(question, now).await?,
        None => Opinion::None,
    };
    Ok(Some(Heard { advice, ..heard }))
}
