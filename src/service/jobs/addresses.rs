//! `addresses`: applies a changed form of addresses to a site's threads, so that no reader meets a moment in which one is gone.
//!
//! First, while the old rules are in force, the new form of each key leads to its thread too. Then the rules change, in one
//! transaction in which nothing is left to do. Then each thread's own address is written anew.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Step, Undoing};
use crate::domain::id::{JobId, JoinId, SiteId, ThreadId};
use crate::domain::page::AddressRules;
use crate::domain::time::Time;
use crate::domain::word::EventKind;
use crate::error::{Error, Result};
use crate::service::joining;
use crate::store::events::{self, Locked};
use crate::store::jobs::Job;
use crate::store::joins::Join;
use crate::store::sites;
use crate::store::threads::{self, Settings, Thread};
use crate::store::types::Json;
use crate::store::{Conn, Store, Tx, thread_keys};

/// How many keys a step looks at.
const STEP: i64 = 100;

/// How many pairs of threads a result names.
const NAMED: usize = 100;

/// Where the next step begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    /// Behind this key, keys of the new form are added.
    Keys(String),
    /// Two threads of one page are being joined; then it goes on behind this key.
    Joining(JoinId, String),
    /// The rules change.
    Change,
    /// Behind this key, threads' own addresses are written anew.
    Threads(String),
}

/// What came of it so far.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tally {
    /// How many threads have another address now.
    moved: i64,
    /// How many were joined into another, being of one page now.
    joined: i64,
    /// How many pairs are one page now, and still two threads, since one of them is hidden.
    not_joined: i64,
    /// The first of these.
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Pair {
    thread: ThreadId,
    url: String,
    with: ThreadId,
    with_url: String,
}

pub(super) fn step(tx: &mut Tx, job: &Job, now: Time) -> Result<Step> {
    let site = job.site_id.ok_or(Error::UnknownSite)?;
    let rules = rules(job)?;
    let phase = phase(job)?;
    let mut tally: Tally = match &job.result {
        Some(result) => serde_json::from_value((**result).clone())
            .map_err(|error| Error::Internal(format!("the result of a job: {error}")))?,
        None => Tally::default(),
    };
    let total = match job.total {
        Some(total) => total,
        None => 2 * thread_keys::count(tx, site)?,
    };
    let (next, done) = match phase {
        Phase::Keys(after) => add_keys(tx, (job.id, site), &rules, &after, (&mut tally, now))?,
        Phase::Joining(join, after) => {
            let next = match joining::step(tx, join, joining::STEP, now)? {
                true => Phase::Keys(after),
                false => Phase::Joining(join, after),
            };
            (Some(next), 0)
        }
        Phase::Change => {
            sites::bump(tx, site)?;
            let mut row = sites::by_id(tx, site)?.ok_or(Error::UnknownSite)?;
            row.addresses = Some(Json::new(rules));
            row.next_addresses = None;
            sites::replace(tx, &row)?;
            (Some(Phase::Threads(String::new())), 0)
        }
        Phase::Threads(after) => write_anew(tx, site, &rules, &after, (&mut tally, now))?,
    };
    let done = job.done + done;
    Ok(Step {
        is_over: next.is_none(),
        cursor: next.map(|next| json!(next).to_string()),
        done,
        // Keys that were added meanwhile are walked through as well.
        total: Some(total.max(done)),
        result: Some(json!(tally)),
    })
}

/// The rules that it applies.
fn rules(job: &Job) -> Result<AddressRules> {
    serde_json::from_value((*job.arguments).clone())
        .map_err(|error| Error::Internal(format!("the arguments of a job: {error}")))
}

fn phase(job: &Job) -> Result<Phase> {
    match &job.cursor {
        None => Ok(Phase::Keys(String::new())),
        Some(cursor) => serde_json::from_str(cursor)
            .map_err(|error| Error::Internal(format!("the cursor of a job: {error}"))),
    }
}

type Next = (Option<Phase>, i64);

/// Makes the new form of each key lead to the same thread. Ends before its time where two threads have to be joined: each such pair is
/// a step of its own.
fn add_keys(
    tx: &mut Tx,
    (job, site): (JobId, SiteId),
    rules: &AddressRules,
    after: &str,
    (tally, now): (&mut Tally, Time),
) -> Result<Next> {
    let keys = thread_keys::page(tx, site, after, STEP)?;
    let Some((last, _)) = keys.last() else {
        return Ok((Some(Phase::Change), 0));
    };
    let new_forms: Vec<Option<String>> = keys.iter().map(|(key, _)| rules.new_form(key)).collect();
    let wanted: Vec<String> = new_forms.iter().flatten().cloned().collect();
    let mut leading: HashMap<String, ThreadId> = thread_keys::leading(tx, site, &wanted)?
        .into_iter()
        .collect();
    let mut done = 0;
    for ((key, thread), new) in keys.iter().zip(new_forms) {
        done += 1;
        let Some(new) = new else {
            continue;
        };
        match leading.get(&new).copied() {
            Some(there) if there == thread.id => {}
            Some(there) => match join(tx, thread, there, now) {
                Ok(join) => {
                    tally.joined += 1;
                    return Ok((Some(Phase::Joining(join.id, key.clone())), done));
                }
                // One is hidden, or a moderator is joining them just now.
                Err(Error::Conflict(_)) => {
                    tally.not_joined += 1;
                    if tally.pairs.len() < NAMED {
                        tally.pairs.push(pair(tx, thread, there)?);
                    }
                }
                Err(error) => return Err(error),
            },
            None => {
                thread_keys::add(tx, site, &new, thread.id, Some(job))?;
                leading.insert(new, thread.id);
            }
        }
    }
    Ok((Some(Phase::Keys(last.clone())), done))
}

/// Joins two threads of one page: the one with less in it into the other, which keeps what its publisher said of it.
fn join(tx: &mut Tx, thread: &Thread, there: ThreadId, now: Time) -> Result<Join> {
    let other = threads::by_id(tx, there)?.ok_or(Error::NotFound)?;
    let (from, into) = match thread.comment_count > other.comment_count {
        true => (there, thread.id),
        false => (thread.id, there),
    };
    joining::begin(tx, None, from, into, now)
}

/// Writes the addresses of threads anew whose own keys these are.
fn write_anew(
    tx: &mut Tx,
    site: SiteId,
    rules: &AddressRules,
    after: &str,
    (tally, now): (&mut Tally, Time),
) -> Result<Next> {
    let keys = thread_keys::page(tx, site, after, STEP)?;
    let Some((last, _)) = keys.last() else {
        return Ok((None, 0));
    };
    let next = Phase::Threads(last.clone());
    for (key, thread) in keys.iter().filter(|(key, thread)| *key == thread.key) {
        if settings(tx, rules, key, thread)?.is_none() {
            continue;
        }
        let mut locked = Locked::lock(tx, thread.id)?;
        if let Some(settings) = settings(tx, rules, &locked.key, &locked)? {
            threads::set(tx, locked.id, &settings)?;
            events::append(tx, &mut locked, EventKind::ThreadUpdated, None, now)?;
            tally.moved += 1;
        }
    }
    let done = i64::try_from(keys.len()).unwrap_or_default();
    Ok((Some(next), done))
}

/// What is to be another about a thread under these rules, if anything is.
fn settings(
    tx: &mut Tx,
    rules: &AddressRules,
    key: &str,
    thread: &Thread,
) -> Result<Option<Settings>> {
    let url = rules.new_form(&thread.url);
    let new_key = match thread.key == thread.url {
        true => rules.new_form(key),
        false => None,
    };
    if let Some(new) = &new_key {
        let (there, _) = threads::by_key(tx, thread.site_id, new)?;
        if there != thread.id {
            // Two threads of one page that could not be joined: each keeps what it had.
            return Ok(None);
        }
    }
    let is_other = url.is_some() || new_key.is_some();
    Ok(is_other.then(|| Settings {
        url,
        key: new_key,
        ..Settings::default()
    }))
}

/// What other rules would do to a site's threads.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Plan {
    /// How many threads were looked at; none where addresses are read as before.
    threads: i64,
    /// How many of them would have another address.
    moves: i64,
    /// How many would be joined into another, since they are of one page then.
    joins: i64,
    /// The first of these.
    pairs: Vec<Pair>,
}

impl Plan {
    /// The same in a sentence, with the pairs below it.
    pub fn in_words(&self) -> String {
        let Self {
            threads,
            moves,
            joins,
            pairs,
        } = self;
        let mut text = format!(
            "Of {threads} threads {moves} get another address, and {joins} are joined into another, being of one page then.\n"
        );
        for Pair { url, with_url, .. } in pairs {
            text += &format!("  {url} into {with_url}\n");
        }
        text
    }
}

/// What these rules would do to a site's threads; changes nothing, and takes a site's keys a page at a time.
///
/// # Errors
/// An outage.
pub async fn plan(store: &Store, site: SiteId, rules: AddressRules) -> Result<Plan> {
    let mut found = (Plan::default(), HashMap::new());
    let mut after = String::new();
    loop {
        let rules = rules.clone();
        let (next, so_far) = store
            .read(move |conn| {
                let keys = thread_keys::page(conn, site, &after, STEP)?;
                look_at(conn, (site, &rules), &keys, &mut found)?;
                Ok((keys.last().map(|(key, _)| key.clone()), found))
            })
            .await?;
        found = so_far;
        match next {
            Some(key) => after = key,
            None => return Ok(found.0),
        }
    }
}

/// By the hash of a new form (of which there may be a million), the thread that it leads to.
type Leading = HashMap<u64, ThreadId>;

fn look_at(
    conn: &mut Conn,
    (site, rules): (SiteId, &AddressRules),
    keys: &[(String, Thread)],
    (plan, leading): &mut (Plan, Leading),
) -> Result<()> {
    let moving: Vec<(String, &Thread)> = keys
        .iter()
        .filter_map(|(key, thread)| Some((rules.new_form(key)?, thread)))
        .collect();
    let wanted: Vec<String> = moving.iter().map(|(new, _)| new.clone()).collect();
    for (key, thread) in thread_keys::leading(conn, site, &wanted)? {
        leading.insert(hash(&key), thread);
    }
    for (_, thread) in keys.iter().filter(|(key, thread)| *key == thread.key) {
        plan.threads += 1;
        plan.moves += i64::from(rules.new_form(&thread.url).is_some());
    }
    for (new, thread) in moving {
        let there = *leading.entry(hash(&new)).or_insert(thread.id);
        if there == thread.id {
            continue;
        }
        plan.joins += 1;
        if plan.pairs.len() < NAMED {
            plan.pairs.push(pair(conn, thread, there)?);
        }
    }
    Ok(())
}

fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

fn pair(conn: &mut Conn, thread: &Thread, with: ThreadId) -> Result<Pair> {
    let with_url = threads::by_id(conn, with)?.map(|other| other.url);
    Ok(Pair {
        thread: thread.id,
        url: thread.url.clone(),
        with,
        with_url: with_url.unwrap_or_default(),
    })
}

/// A change that is not in force yet is put back; one that is needs another change.
pub(super) fn undoing(job: &Job) -> Undoing {
    match phase(job) {
        Ok(Phase::Threads(_)) => Undoing::Impossible(
            "The new rules are in force, and what is left is to write addresses anew: change the rules back instead.",
        ),
        _ => Undoing::Steps,
    }
}

/// Takes keys back that the job added, and lets the site go on by the rules that it had.
pub(super) fn undo(tx: &mut Tx, job: &Job, now: Time) -> Result<Step> {
    let site = job.site_id.ok_or(Error::UnknownSite)?;
    if let Phase::Joining(join, after) = phase(job)? {
        // Threads that are half joined would stay so: this join is brought to its end, and can be undone like any other.
        let next = match joining::step(tx, join, joining::STEP, now)? {
            true => Phase::Keys(after),
            false => Phase::Joining(join, after),
        };
        return Ok(Step {
            cursor: Some(json!(next).to_string()),
            done: job.done,
            total: job.total,
            result: None,
            is_over: false,
        });
    }
    let taken = thread_keys::take_back(tx, site, job.id, STEP)?;
    if taken == 0 {
        sites::bump(tx, site)?;
        let mut row = sites::by_id(tx, site)?.ok_or(Error::UnknownSite)?;
        let mut policy = (*row.policy).clone();
        (policy.trailing_slash, policy.page_addresses) = row.address_rules().settings();
        row.policy = Json::new(policy);
        row.next_addresses = None;
        sites::replace(tx, &row)?;
    }
    Ok(Step {
        cursor: job.cursor.clone(),
        done: job.done,
        total: job.total,
        result: None,
        is_over: taken == 0,
    })
}
