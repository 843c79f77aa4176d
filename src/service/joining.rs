//! Joining two threads, and undoing that: what was written in one goes over to the other, in bounded steps.
//!
//! From the first step on, the joined thread's id and keys lead to the other, and both threads are marked as `joining` while rows are
//! on their way. A comment that has not been moved yet lies in its old thread, whose lock, log and counts are kept as ever, so that
//! nothing that happens to it meanwhile is lost. What came over is remembered item by item. Undoing takes a thing
//! back to where it was before *that* join, and forgets that it went over with that one or any later: so joins
//! that build on each other can be undone in any order.

use std::time::Duration;

use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use crate::domain::id::{CommentId, JoinId, PassageId, ThreadId};
use crate::domain::subscription::Standing;
use crate::domain::time::Time;
use crate::domain::word::{EventKind, JoinState, Status};
use crate::error::{Error, Result};
use crate::store::events::{self, Locked};
use crate::store::joins::{self, Item, Join, kind};
use crate::store::moving::{self, Moved};
use crate::store::passages::{self, Passage};
use crate::store::subscriptions::{self, Subscription};
use crate::store::types::Named;
use crate::store::{Tx, mailboxes, sites, threads};

/// For how long a join can be undone.
pub const UNDO: Duration = Duration::from_secs(30 * 24 * 3600);

/// How many comments one step moves, and how many choices.
pub const STEP: usize = 500;

/// How many roots that go back are looked up at a time.
const ITEMS: i64 = 100;

/// The two threads of a join, locked.
struct Pair {
    from: Locked,
    into: Locked,
}

impl Pair {
    /// Locks both, in the order of their ids: whoever else locks both does not wait in a circle.
    fn lock(tx: &mut Tx, from: ThreadId, into: ThreadId) -> Result<Self> {
        if from < into {
            let from = Locked::lock_itself(tx, from)?;
            let into = Locked::lock_itself(tx, into)?;
            return Ok(Self { from, into });
        }
        let into = Locked::lock_itself(tx, into)?;
        let from = Locked::lock_itself(tx, from)?;
        Ok(Self { from, into })
    }

    /// Locks the thread that was joined and the one where its things are now.
    fn of(tx: &mut Tx, join: &Join) -> Result<Self> {
        loop {
            let now_in = threads::current_id(tx, join.from_thread)?;
            let pair = Self::lock(tx, join.from_thread, now_in)?;
            // Whoever had the lock before may have joined that one into another.
            if pair.into.joined_into.is_none() {
                return Ok(pair);
            }
        }
    }

    fn count(&self, tx: &mut Tx, from: &Locked, to: &Locked, published: i64) -> Result<()> {
        threads::count(tx, from.id, -published)?;
        threads::count(tx, to.id, published)
    }
}

/// Begins to join one thread into another: from now on the first one's id and keys lead to the second. [`step`] does the rest. Who may is
/// for the caller to decide.
///
/// # Errors
/// [`Error::Conflict`] when they are one thread, of two sites, not both hidden or both to be seen, or one of them is being
/// joined just now or was joined into another; [`Error::NotFound`] for one that nobody wrote in.
pub fn begin(
    tx: &mut Tx,
    caller: Option<&Caller>,
    from: ThreadId,
    into: ThreadId,
    now: Time,
) -> Result<Join> {
    if from == into {
        return Err(refused("A thread cannot be joined into itself."));
    }
    let mut pair = Pair::lock(tx, from, into)?;
    check(&pair)?;
    let (site, keys) = (pair.from.site_id, moving::keys(tx, from)?);
    let known = passages::of_thread(tx, into)?;
    let (parting, going): (Vec<Passage>, Vec<Passage>) = passages::of_thread(tx, from)?
        .into_iter()
        .filter(|passage| passage.joined_into.is_none())
        .partition(|passage| same(&known, passage).is_some());
    moving::lead(tx, from, Some(into), true)?;
    moving::lead(tx, into, None, true)?;
    events::append(tx, &mut pair.from, EventKind::ThreadReset, None, now)?;
    pair.into.skip_past(tx, &pair.from)?;
    let at = events::append(tx, &mut pair.into, EventKind::ThreadUpdated, None, now)?;
    let join = Join {
        id: JoinId::new(),
        site_id: site,
        from_thread: from,
        into_thread: into,
        state: Named(JoinState::Joining),
        comments: 0,
        passages: (parting.len() + going.len()) as i64,
        subscriptions: 0,
        keys: keys.len() as i64,
        at,
        undo_until: now.plus(UNDO),
        undone_at: None,
    };
    joins::insert(tx, &join)?;
    let mut items = moving::key_items(&join, &keys);
    moving::all_keys(tx, site, from, into)?;
    for passage in &going {
        moving::passage(tx, passage.id, into)?;
        items.push(Item::new(join.id, kind::PASSAGE, passage.id, NONE));
    }
    for passage in &parting {
        let met = same(&known, passage).map(|met| met.id);
        moving::passage_leads(tx, passage.id, met)?;
        items.push(Item::new(join.id, kind::PASSAGE, passage.id, met));
    }
    joins::remember(tx, &items)?;
    moving::drop_page_request(tx, from)?;
    record(tx, caller, "join", &join, now)?;
    Ok(join)
}

const NONE: Option<PassageId> = None;

fn check(pair: &Pair) -> Result<()> {
    let Pair { from, into } = pair;
    if from.site_id != into.site_id {
        return Err(Error::NotFound);
    }
    if let Some(leads) = from.joined_into {
        return Err(refused(&format!(
            "That thread was joined into another already ({leads})."
        )));
    }
    if into.joined_into.is_some() || from.joining || into.joining {
        return Err(refused("One of these threads is being joined just now."));
    }
    if from.hidden != into.hidden {
        return Err(refused(
            "One of these threads is kept from the public and the other is not; hide both or show both first.",
        ));
    }
    Ok(())
}

fn refused(detail: &str) -> Error {
    Error::Conflict(detail.to_owned())
}

/// The passage of the other thread that this one is one with: its author gave both the same key, or readers' browsers did with the
/// same words.
fn same<'a>(known: &'a [Passage], passage: &Passage) -> Option<&'a Passage> {
    passage.key.as_ref()?;
    known.iter().find(|other| {
        let is_planted = other.planted && passage.planted;
        other.joined_into.is_none()
            && other.key == passage.key
            && (is_planted || (other.planted == passage.planted && other.exact == passage.exact))
    })
}

/// Takes the next step of a join, or of undoing it; true when that was the last. At most `budget` comments are moved.
///
/// # Errors
/// [`Error::NotFound`] for a join that is forgotten.
pub fn step(tx: &mut Tx, join: JoinId, budget: usize, now: Time) -> Result<bool> {
    let join = joins::by_id(tx, join)?.ok_or(Error::NotFound)?;
    let pair = Pair::of(tx, &join)?;
    // Read again behind the locks: another instance may have taken this step.
    let join = joins::by_id(tx, join.id)?.ok_or(Error::NotFound)?;
    match *join.state {
        JoinState::Joining => go_over(tx, &join, pair, budget, now),
        JoinState::Undoing => go_back(tx, &join, pair, budget, now),
        JoinState::Joined | JoinState::Undone => Ok(true),
    }
}

fn go_over(tx: &mut Tx, join: &Join, mut pair: Pair, budget: usize, now: Time) -> Result<bool> {
    let from = pair.from.id;
    let mut moved: Vec<Moved> = Vec::new();
    for root in moving::roots(tx, from, budget as i64)? {
        if moved.len() >= budget {
            break;
        }
        moved.push(root);
        let room = budget.saturating_sub(moved.len());
        moved.extend(moving::beneath(tx, root.id, from, room as i64)?);
    }
    if moved.is_empty() {
        moved = moving::any(tx, from, budget as i64)?;
    }
    if !moved.is_empty() {
        let mut items = Vec::new();
        for root in moved.iter().filter(|moved| moved.parent_id.is_none()) {
            let was = join_passage(tx, root)?;
            items.push(Item::new(join.id, kind::ROOT, root.id, was));
        }
        joins::remember(tx, &items)?;
        let published = moving::comments(tx, &moved, pair.into.id)?;
        pair.count(tx, &pair.from, &pair.into, published)?;
        joins::count(tx, join.id, moved.len() as i64, 0)?;
        events::append(tx, &mut pair.into, EventKind::ThreadUpdated, None, now)?;
        return Ok(false);
    }
    if subscribe_over(tx, join, &pair)? {
        return Ok(false);
    }
    moving::lead(tx, from, Some(pair.into.id), false)?;
    moving::lead(tx, pair.into.id, None, false)?;
    joins::set_state(tx, join.id, JoinState::Joined)?;
    pair.into.skip_past(tx, &pair.from)?;
    events::append(tx, &mut pair.into, EventKind::ThreadReset, None, now)?;
    Ok(true)
}

/// Has a root be about the passage that its own is one with now; gives the own one.
fn join_passage(tx: &mut Tx, root: &Moved) -> Result<Option<PassageId>> {
    let Some(id) = root.passage_id else {
        return Ok(None);
    };
    let Some(met) = passages::by_id(tx, id)?.and_then(|passage| passage.joined_into) else {
        return Ok(None);
    };
    change_passage(tx, root, id, met)?;
    Ok(Some(id))
}

fn change_passage(tx: &mut Tx, root: &Moved, from: PassageId, to: PassageId) -> Result<()> {
    moving::about(tx, root.id, to)?;
    if *root.status == Status::Published {
        passages::count(tx, from, -1)?;
        passages::count(tx, to, 1)?;
    }
    Ok(())
}

/// Moves choices; false when there are none any more. Of two that the same mailbox made of the same kind the stronger counts, and the
/// other stays behind.
fn subscribe_over(tx: &mut Tx, join: &Join, pair: &Pair) -> Result<bool> {
    let (from, into) = (pair.from.id, pair.into.id);
    let rows = moving::subscriptions(tx, from, join.id, STEP as i64)?;
    let mut items = Vec::new();
    for row in &rows {
        let Some(row) = behind_lock(tx, row)? else {
            continue;
        };
        let met = subscriptions::find(tx, row.mailbox_id, *row.scope, into.cast(), row.person_id)?;
        match met {
            None => {
                moving::subscription(tx, row.id, into)?;
                items.push(Item::new(join.id, kind::SUBSCRIPTION, row.id, NONE));
            }
            Some(met) if strength(&row) <= strength(&met) => {
                items.push(Item::new(join.id, kind::PARKED, row.id, Some(met.id)));
            }
            Some(met) => {
                moving::change_places(tx, row.id, met.id, from, into)?;
                items.push(Item::new(join.id, kind::SUBSCRIPTION, row.id, Some(met.id)));
                items.push(Item::new(join.id, kind::PARKED, met.id, Some(row.id)));
            }
        }
    }
    let moved = items.iter().filter(|item| item.kind == kind::SUBSCRIPTION);
    joins::count(tx, join.id, 0, moved.count() as i64)?;
    joins::remember(tx, &items)?;
    Ok(!rows.is_empty())
}

/// A choice, read again behind its mailbox's lock; `None` when it is gone.
fn behind_lock(tx: &mut Tx, row: &Subscription) -> Result<Option<Subscription>> {
    match mailboxes::lock(tx, row.mailbox_id) {
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
        Ok(_) => subscriptions::by_id(tx, row.id),
    }
}

/// What tells more, and sooner, is stronger.
fn strength(
    row: &Subscription,
) -> (
    u8,
    std::cmp::Reverse<crate::domain::subscription::Frequency>,
) {
    let standing = match *row.state {
        Standing::Active => 2,
        Standing::Pending => 1,
        Standing::Ended => 0,
    };
    (standing, std::cmp::Reverse(*row.frequency))
}

/// Begins to undo a join: what went over goes back with [`step`]. What was written anew since stays, but for answers to what goes back, and
/// remarks on passages that do. One that is undone already, or being undone, is given as it is.
///
/// # Errors
/// [`Error::Conflict`] when it is too late, or rows are being moved just now.
pub fn begin_undoing(tx: &mut Tx, caller: Option<&Caller>, join: &Join, now: Time) -> Result<Join> {
    let mut pair = Pair::of(tx, join)?;
    let join = joins::by_id(tx, join.id)?.ok_or(Error::NotFound)?;
    match *join.state {
        JoinState::Undone | JoinState::Undoing => return Ok(join),
        JoinState::Joined => {}
        JoinState::Joining => return Err(refused("These threads are being joined just now.")),
    }
    if now > join.undo_until {
        return Err(refused("A join can be undone for 30 days."));
    }
    if pair.from.joined_into.is_none() {
        return Err(Error::Internal(format!("{} leads nowhere", pair.from.id)));
    }
    if pair.from.joining || pair.into.joining {
        return Err(refused("One of these threads is being joined just now."));
    }
    moving::lead(tx, pair.from.id, Some(pair.into.id), true)?;
    moving::lead(tx, pair.into.id, None, true)?;
    if pair.from.hidden != pair.into.hidden {
        // What moderators have hidden or shown since was about both.
        let settings = threads::Settings {
            hidden: Some(pair.into.hidden),
            ..threads::Settings::default()
        };
        threads::set(tx, pair.from.id, &settings)?;
    }
    joins::undo(tx, join.id, now)?;
    events::append(tx, &mut pair.into, EventKind::ThreadUpdated, None, now)?;
    record(tx, caller, "unjoin", &join, now)?;
    joins::by_id(tx, join.id)?.ok_or(Error::NotFound)
}

fn go_back(tx: &mut Tx, join: &Join, mut pair: Pair, budget: usize, now: Time) -> Result<bool> {
    let (home, now_in) = (pair.from.id, pair.into.id);
    let moved = take_back(tx, join, &pair, budget)?;
    if let Some(moved) = moved {
        let published = moving::comments(tx, &moved, home)?;
        pair.count(tx, &pair.into, &pair.from, published)?;
        events::append(tx, &mut pair.into, EventKind::ThreadUpdated, None, now)?;
        return Ok(false);
    }
    if unsubscribe_over(tx, join, &pair)? {
        return Ok(false);
    }
    // Nothing is left to go back; the passages, which nothing in the other thread is about any more, and the keys are the last.
    let passages = joins::items(tx, join.id, kind::PASSAGE, i64::MAX)?;
    for item in &passages {
        let Some(id) = item.id() else { continue };
        match item.other {
            None => moving::passage(tx, id, home)?,
            Some(_) => moving::passage_leads(tx, id, None)?,
        }
    }
    let keys = joins::items(tx, join.id, kind::KEY, i64::MAX)?;
    for item in &keys {
        let key = String::from_utf8_lossy(&item.item).into_owned();
        moving::key_back(tx, join.site_id, &key, now_in, home)?;
        new_form_back(tx, &pair, &key)?;
    }
    release(tx, join, kind::PASSAGE, &passages)?;
    release(tx, join, kind::KEY, &keys)?;
    moving::lead(tx, home, None, false)?;
    moving::lead(tx, now_in, None, false)?;
    joins::set_state(tx, join.id, JoinState::Undone)?;
    pair.from.skip_past(tx, &pair.into)?;
    events::append(tx, &mut pair.from, EventKind::ThreadReset, None, now)?;
    pair.into.skip_past(tx, &pair.from)?;
    events::append(tx, &mut pair.into, EventKind::ThreadReset, None, now)?;
    Ok(true)
}

/// Has the form that a key has by now lead home as well, where it is no other page's: rules may have changed since the join.
fn new_form_back(tx: &mut Tx, pair: &Pair, key: &str) -> Result<()> {
    let (home, now_in) = (&pair.from, &pair.into);
    let site = sites::by_id(tx, home.site_id)?.ok_or(Error::UnknownSite)?;
    let Some(new) = site.address_rules().new_form(key) else {
        return Ok(());
    };
    if new == now_in.key {
        return Ok(());
    }
    moving::key_back(tx, site.id, &new, now_in.id, home.id)?;
    let is_own = home.key == key && home.key == home.url;
    if is_own && threads::by_key(tx, site.id, &new)?.0 == home.id {
        let settings = threads::Settings {
            url: Some(new.clone()),
            key: Some(new),
            ..threads::Settings::default()
        };
        threads::set(tx, home.id, &settings)?;
    }
    Ok(())
}

/// The next comments that go back, of which nothing more has to be remembered; `None`: there are no more.
fn take_back(tx: &mut Tx, join: &Join, pair: &Pair, budget: usize) -> Result<Option<Vec<Moved>>> {
    let (home, now_in) = (pair.from.id, pair.into.id);
    let (mut moved, mut done) = (Vec::new(), Vec::new());
    let items = joins::items(tx, join.id, kind::ROOT, ITEMS)?;
    let is_any = !items.is_empty();
    for item in items {
        let Some(id) = item.id::<crate::domain::id::Comment>() else {
            continue;
        };
        let room = budget.saturating_sub(moved.len());
        if room == 0 {
            break;
        }
        if let Some(root) = moving::one(tx, id, now_in)? {
            if let (Some(own), Some(met)) = (item.met(), root.passage_id) {
                change_passage(tx, &root, met, own)?;
            }
            moved.push(root);
        }
        let beneath = moving::beneath(tx, id, now_in, room as i64)?;
        if beneath.len() < room {
            done.push(item);
        }
        moved.extend(beneath);
    }
    release(tx, join, kind::ROOT, &done)?;
    if is_any {
        return Ok(Some(moved));
    }
    let strays = moving::strays(tx, now_in, home, budget as i64)?;
    if !strays.is_empty() {
        return Ok(Some(strays));
    }
    let about = moving::about_passages_of(tx, now_in, join.id, ITEMS)?;
    if about.is_empty() {
        return Ok(None);
    }
    // Written since, and now remembered by no join: they go with their passage for good.
    let items: Vec<Item> = about
        .iter()
        .map(|root| Item::new(join.id, kind::ROOT, root.id, NONE))
        .collect();
    release(tx, join, kind::ROOT, &items)?;
    let mut moved = Vec::new();
    for root in about {
        let beneath = moving::beneath(tx, root.id, now_in, budget as i64)?;
        moved.push(root);
        moved.extend(beneath);
    }
    Ok(Some(moved))
}

/// Moves choices back; false when there are none any more.
fn unsubscribe_over(tx: &mut Tx, join: &Join, pair: &Pair) -> Result<bool> {
    let (home, now_in) = (pair.from.id, pair.into.id);
    let mut any = false;
    for kind in [kind::PARKED, kind::SUBSCRIPTION] {
        let items = joins::items(tx, join.id, kind, STEP as i64)?;
        any |= !items.is_empty();
        for item in &items {
            match kind {
                kind::PARKED => leave_too(tx, item)?,
                _ => subscription_back(tx, item, home, now_in)?,
            }
        }
        release(tx, join, kind, &items)?;
    }
    Ok(any)
}

/// A choice that was left since, in the place of a weaker one, was left for both.
fn leave_too(tx: &mut Tx, item: &Item) -> Result<()> {
    let (Some(parked), Some(kept)) = (item.id(), item.met()) else {
        return Ok(());
    };
    let Some(mut parked) = subscriptions::by_id(tx, parked)? else {
        return Ok(());
    };
    mailboxes::lock(tx, parked.mailbox_id)?;
    // The one that was kept may have stayed behind itself, when its thread was joined into another.
    for kept in subscriptions::with_kept(tx, &[kept])? {
        if *kept.state == Standing::Ended {
            parked.state = Named(Standing::Ended);
        }
    }
    if subscriptions::by_id(tx, kept)?.is_none() {
        parked.state = Named(Standing::Ended);
    }
    subscriptions::replace(tx, &parked)
}

fn subscription_back(tx: &mut Tx, item: &Item, home: ThreadId, now_in: ThreadId) -> Result<()> {
    let Some(id) = item.id() else { return Ok(()) };
    let Some(row) = subscriptions::by_id(tx, id)? else {
        return Ok(());
    };
    let Some(row) = behind_lock(tx, &row)? else {
        return Ok(());
    };
    let home_target = home.cast();
    let there = subscriptions::find(tx, row.mailbox_id, *row.scope, home_target, row.person_id)?;
    match there {
        None => moving::subscription(tx, row.id, home),
        // The weaker one that stayed there, or went there when they changed places.
        Some(there) => {
            let now_in = row.thread_id.unwrap_or(now_in);
            moving::change_places(tx, row.id, there.id, now_in, home)
        }
    }
}

fn release(tx: &mut Tx, join: &Join, kind: &str, items: &[Item]) -> Result<()> {
    let items: Vec<Vec<u8>> = items.iter().map(|item| item.item.clone()).collect();
    joins::release(tx, join, kind, &items)
}

fn record(
    tx: &mut Tx,
    caller: Option<&Caller>,
    action: &str,
    join: &Join,
    now: Time,
) -> Result<()> {
    let threads = json!({"from": join.from_thread, "into": join.into_thread});
    let (was, became) = match action {
        "join" => (json!({}), threads),
        _ => (threads, json!({})),
    };
    let mut became = became;
    became["join"] = json!(join.id);
    let act = Act {
        site: Some(join.site_id),
        action,
        object: "thread",
        reason: None,
        note: None,
        was,
        became,
    };
    audit::record(tx, caller, join.from_thread, &act, now)
}

/// The thread that a new answer to a comment goes to, locked, where that is not the page's: while threads are being joined, an answer goes where
/// what it answers is.
pub(super) fn beside(
    tx: &mut Tx,
    page: &Locked,
    answered: Option<CommentId>,
) -> Result<Option<Locked>> {
    let Some(answered) = answered.filter(|_| page.joining) else {
        return Ok(None);
    };
    let Some(found) = crate::store::comments::by_id(tx, answered)? else {
        return Ok(None);
    };
    if found.thread_id == page.id {
        return Ok(None);
    }
    let (thread, _) = Locked::around(tx, answered)?;
    Ok(Some(thread).filter(|thread| thread.joining && thread.joined_into == Some(page.id)))
}
