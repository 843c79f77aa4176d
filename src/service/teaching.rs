//! Teaches each site's spam model what its moderators decided. A decision only writes its lesson down; the learning is
//! done beside, by whichever instance comes first, and what comes of it is for all.
//!
//! A model is what comes with Postil, and all lessons that stand, learnt in the order of their numbers. When one of them stands
//! no more, or stands again, the model learns again from the last of its states before that: so it becomes what it would be if
//! nothing else had ever been said. The first state, the base, moves on when [`KEPT`] lessons follow the next; what is before
//! it is a part of sums for good.

mod texts;

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;

use texts::{complete, known};

use crate::domain::id::SiteId;
use crate::domain::judgement::spam::pupil::{self, MEMORY, Pupil, rehearsals};
use crate::error::Result;
use crate::store::{Conn, Store, Tx, lessons, models};

/// How long between two rounds.
const ROUND: Duration = Duration::from_secs(1);

/// How many sites have a turn in one round.
const SITES: usize = 16;

/// How many lessons a model learns in one turn.
const LESSONS: usize = 500;

/// How many lessons are read or learnt at a time: with what is gone over again they take some megabytes at most.
const STEP: usize = 8;

/// How many of the latest lessons can be taken back at least. With [`MEMORY`] lessons before those, which they go over again,
/// that is all that is stored.
const KEPT: usize = 2 * MEMORY;

/// How many lessons at least are between two states of a model, but for the [`LATEST`].
const SPACING: usize = MEMORY / 2;

/// How many of a model's latest states are kept, however near to one another: half a megabyte each.
const LATEST: usize = 4;

/// Teaches until `stop` turns true.
pub async fn run(store: Store, mut stop: watch::Receiver<bool>) {
    let mut turns = Turns::default();
    loop {
        if let Err(error) = turns.round(&store, &stop).await {
            // The next round does what this one could not.
            tracing::warn!(code = error.code(), "teaching put off");
        }
        tokio::select! {
            // An error means that whoever would stop this is gone.
            _ = stop.wait_for(|stop| *stop) => return,
            () = tokio::time::sleep(ROUND) => {}
        }
    }
}

/// Gives each site its turn, in the order of their ids, round and round.
#[derive(Default)]
struct Turns {
    /// Who had the last.
    last: Option<SiteId>,
}

impl Turns {
    /// The next sites learn, each for one turn.
    async fn round(&mut self, store: &Store, stop: &watch::Receiver<bool>) -> Result<()> {
        let last = self.last;
        let behind = store.read(move |conn| next(conn, last)).await?;
        for site in behind {
            if *stop.borrow() {
                break;
            }
            // Also when it fails: it comes again after all others.
            self.last = Some(site);
            match teach(store, site).await {
                Err(error) if error.is_outage() => return Err(error),
                Err(error) => {
                    tracing::warn!(code = error.code(), %site, "a site's spam model does not learn");
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }
}

/// Whose turn it is after this site's, and after the last the first.
fn next(conn: &mut Conn, last: Option<SiteId>) -> Result<Vec<SiteId>> {
    let mut sites = models::behind(conn, last, SITES as i64)?;
    let room = SITES - sites.len();
    if last.is_some() && room > 0 {
        let first = models::behind(conn, None, room as i64)?;
        let first: Vec<SiteId> = first
            .into_iter()
            .filter(|site| !sites.contains(site))
            .collect();
        sites.extend(first);
    }
    Ok(sites)
}

/// What a model learns in one turn.
struct Course {
    /// The state of its row that all of this was read in.
    version: i64,
    /// See [`models::Stored::base`].
    base: i64,
    /// See [`models::states`].
    states: Vec<i64>,
    /// What is stored was made by a Postil that looked at comments otherwise: all that is remembered is learnt anew.
    is_anew: bool,
    /// Whether the model that judges knows more than this one, so that it goes on judging until this one has caught up.
    is_again: bool,
    pupil: Pupil,
    /// The numbers of the lessons that stand: all that are remembered, and those to be learnt now.
    numbers: Vec<i64>,
    /// How many of them the pupil knows.
    known: usize,
    /// The number of the last lesson that the model knows after this turn.
    taught: i64,
    /// Whether it has learnt everything then.
    is_end: bool,
}

/// Gives a site's model its turn.
async fn teach(store: &Store, site: SiteId) -> Result<()> {
    let course = store.read(move |conn| course(conn, site)).await?;
    let Some(mut course) = course else {
        return Ok(());
    };
    if complete(store, site, &course.numbers[course.known..]).await? {
        // There are fewer lessons now, so that each has another place.
        return Ok(());
    }
    while course.known < course.numbers.len() {
        let new = course.known..(course.known + STEP).min(course.numbers.len());
        course = store
            .read(move |conn| learn(conn, site, course, new))
            .await?;
    }
    let learnt = (course.pupil.to_bytes(), course.pupil.moved_bytes());
    store
        .write(move |tx| keep(tx, site, &course, &learnt))
        .await
}

/// Where a model stands, and what it does not know; `None` when another was faster.
fn course(conn: &mut Conn, site: SiteId) -> Result<Option<Course>> {
    let Some(stored) = models::of(conn, site)?.filter(|stored| stored.told > stored.taught) else {
        return Ok(None);
    };
    let states = models::states(conn, site)?;
    let judge = match (&stored.weights, &stored.moved) {
        (Some(weights), Some(moved)) => Pupil::from_bytes(weights, moved),
        _ => None,
    };
    let is_judging = judge.is_some();
    let (mut start, mut pupil) = (stored.taught, judge.filter(|_| stored.taught > 0));
    if let (None, Some(last)) = (&pupil, states.last()) {
        let state = models::state(conn, site, *last)?;
        pupil = state.and_then(|(weights, moved)| Pupil::from_bytes(&weights, &moved));
        start = *last;
    }
    let is_again = is_judging && stored.taught == 0;
    let is_anew = pupil.is_none() && !states.is_empty();
    let pupil = pupil.unwrap_or_else(|| {
        start = 0;
        Pupil::seasoned()
    });
    let mut numbers = lessons::up_to(conn, site, start)?;
    let known = numbers.len();
    // One more tells whether there is more.
    let mut new = lessons::after(conn, site, start, LESSONS as i64 + 1)?;
    let is_end = new.len() <= LESSONS;
    new.truncate(LESSONS);
    numbers.extend(new);
    Ok(Some(Course {
        version: stored.version,
        base: stored.base,
        states,
        is_anew,
        is_again,
        pupil,
        known,
        taught: match numbers.last() {
            Some(last) if !is_end => *last,
            _ => stored.told,
        },
        numbers,
        is_end,
    }))
}

/// Keeps what was learnt, unless another was faster or lessons changed meanwhile: then the next round begins anew.
fn keep(
    tx: &mut Tx,
    site: SiteId,
    course: &Course,
    (weights, moved): &(Vec<u8>, Vec<u8>),
) -> Result<()> {
    if !models::claim(tx, site, course.version)? {
        return Ok(());
    }
    let (mut base, mut states) = (course.base, course.states.clone());
    if course.is_anew {
        for state in states.drain(..) {
            models::forget_state(tx, site, state)?;
        }
        base = 0;
        models::rebase(tx, site, base)?;
    }
    let is_judge = course.is_end || !course.is_again;
    if is_judge {
        models::keep(tx, site, course.taught, weights, moved)?;
    }
    if base == 0 {
        // What comes with Postil.
        states.insert(0, 0);
    }
    let place = |state: &i64| course.numbers.partition_point(|number| number <= state);
    let all = course.numbers.len();
    let is_far = states
        .last()
        .is_none_or(|last| all - place(last) >= SPACING);
    if is_far || !is_judge {
        models::keep_state(tx, site, course.taught, weights, moved)?;
        states.push(course.taught);
    }
    let places: Vec<usize> = states.iter().map(place).collect();
    let kept = worth_keeping(&places, all);
    for at in (0..states.len()).filter(|at| !kept.contains(at)) {
        models::forget_state(tx, site, states[at])?;
    }
    let first = kept.first().copied().unwrap_or_default();
    if states[first] > base {
        models::rebase(tx, site, states[first])?;
        if let Some(oldest) = places[first].checked_sub(MEMORY) {
            lessons::forget_before(tx, site, course.numbers[oldest])?;
        }
    }
    Ok(())
}

/// Which of a model's states are kept, by their place. `known` says how many lessons each knows, the base first, of `all` that there
/// are.
fn worth_keeping(known: &[usize], all: usize) -> Vec<usize> {
    let followed = |at: &usize| all - known[*at] >= KEPT;
    let base = (1..known.len()).rev().find(followed).unwrap_or_default();
    let latest = known.len().saturating_sub(LATEST);
    let mut kept = vec![base];
    let mut before = known[base];
    for (at, known) in known.iter().enumerate().skip(base + 1) {
        if at >= latest || known - before >= SPACING {
            kept.push(at);
            before = *known;
        }
    }
    kept
}

/// Learns those lessons, going over others again.
fn learn(
    conn: &mut Conn,
    site: SiteId,
    mut course: Course,
    new: std::ops::Range<usize>,
) -> Result<Course> {
    // Which are gone over with each of them: among those remembered when its turn comes.
    let turns: Vec<(usize, Vec<usize>)> = new
        .clone()
        .zip(course.pupil.taught()..)
        .map(|(place, taught)| {
            let first = (place + 1).saturating_sub(MEMORY);
            let again = rehearsals(taught, place + 1 - first);
            (place, again.map(|again| first + again).collect())
        })
        .collect();
    let mut numbers: Vec<i64> = turns
        .iter()
        .flat_map(|(place, again)| again.iter().chain([place]))
        .map(|place| course.numbers[*place])
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    let rows = lessons::by_numbers(conn, site, &numbers)?;
    let lessons: HashMap<i64, pupil::Lesson> = rows
        .iter()
        .filter_map(|row| Some((row.number, known(row)?)))
        .collect();
    for (place, again) in turns {
        // What was taken back meanwhile is not learnt.
        if let Some(lesson) = lessons.get(&course.numbers[place]) {
            let again = again
                .iter()
                .filter_map(|place| lessons.get(&course.numbers[*place]));
            course.pupil.learn(lesson, again);
        }
    }
    course.known = new.end;
    Ok(course)
}

#[cfg(test)]
mod tests;
