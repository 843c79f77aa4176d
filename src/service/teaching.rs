//! Teaches each site's spam model what its moderators decided. A decision only writes its lesson down; the learning is
//! done beside, by whichever instance comes first, and what comes of it is for all.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::id::SiteId;
use crate::domain::judgement::spam::Traits;
use crate::domain::judgement::spam::pupil::{self, MEMORY, Pupil, rehearsals};
use crate::domain::judgement::writing::Writing;
use crate::error::Result;
use crate::store::lessons::{self, Lesson};
use crate::store::models::{self, Stored};
use crate::store::{Conn, Store, comments, judgements, revisions, threads};

/// How long between two rounds.
const ROUND: Duration = Duration::from_secs(1);

/// How many sites are taught in one round.
const SITES: i64 = 16;

/// How many new lessons a model learns before it is kept.
const LESSONS: usize = 500;

/// How many lessons are read or learnt at a time: with what is gone over again they take some megabytes at most.
const STEP: usize = 8;

/// Teaches until `stop` turns true.
pub async fn run(store: Store, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = round(&store, &stop).await {
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

async fn round(store: &Store, stop: &watch::Receiver<bool>) -> Result<()> {
    let behind = store.read(|conn| models::behind(conn, SITES)).await?;
    for site in behind {
        if *stop.borrow() {
            break;
        }
        teach(store, site).await?;
    }
    Ok(())
}

/// What a model has to learn.
struct Course {
    stored: Stored,
    pupil: Pupil,
    /// The numbers of all lessons that are remembered, in order.
    numbers: Vec<i64>,
    /// How many of them the pupil knows.
    known: usize,
}

/// Teaches a site's model the lessons that it does not know yet.
async fn teach(store: &Store, site: SiteId) -> Result<()> {
    let course = store.read(move |conn| course(conn, site)).await?;
    let Some(mut course) = course else {
        return Ok(());
    };
    while course.known < course.numbers.len() {
        let from = course.known;
        let new = from..(from + STEP).min(course.numbers.len());
        let numbers = course.numbers[new.clone()].to_vec();
        complete(store, site, numbers).await?;
        course = store
            .read(move |conn| learn(conn, site, course, new))
            .await?;
    }
    let Course {
        stored,
        pupil,
        numbers,
        ..
    } = course;
    let taught = numbers.last().copied().unwrap_or(stored.told);
    let first = numbers.len().checked_sub(MEMORY).map(|at| numbers[at]);
    let (weights, moved) = (pupil.to_bytes(), pupil.moved_bytes());
    store
        .write(move |tx| {
            // When something was taken back meanwhile, the next round begins anew.
            let is_kept = models::keep(tx, site, stored.version, taught, &weights, &moved)?;
            match first {
                Some(first) if is_kept => lessons::forget_before(tx, site, first),
                _ => Ok(()),
            }
        })
        .await
}

/// Where a model stands, and what it does not know; `None` when another was faster.
fn course(conn: &mut Conn, site: SiteId) -> Result<Option<Course>> {
    let Some(stored) = models::of(conn, site)?.filter(|stored| stored.told > stored.taught) else {
        return Ok(None);
    };
    let mut numbers = lessons::latest(conn, site, (MEMORY + LESSONS) as i64)?;
    let read = match (&stored.weights, &stored.moved) {
        (Some(weights), Some(moved)) if stored.taught > 0 => Pupil::from_bytes(weights, moved),
        _ => None,
    };
    let known = match read {
        Some(_) => numbers.partition_point(|number| *number <= stored.taught),
        None => 0,
    };
    if read.is_some() {
        numbers.truncate(known + LESSONS);
    }
    Ok(Some(Course {
        pupil: read.unwrap_or_else(Pupil::seasoned),
        stored,
        numbers,
        known,
    }))
}

/// Looks at the texts of those lessons whose traits are not there, or are of an older Postil.
async fn complete(store: &Store, site: SiteId, numbers: Vec<i64>) -> Result<()> {
    let looked = store
        .read(move |conn| {
            let mut looked = Vec::new();
            for lesson in lessons::by_numbers(conn, site, &numbers)? {
                if known(&lesson).is_none() {
                    let traits = traits(conn, &lesson)?;
                    looked.push((lesson, traits.map(|traits| traits.to_bytes())));
                }
            }
            Ok(looked)
        })
        .await?;
    if looked.is_empty() {
        return Ok(());
    }
    store
        .write(move |tx| {
            for (lesson, traits) in &looked {
                match traits {
                    Some(traits) => lessons::set_traits(tx, site, lesson.number, traits)?,
                    // Its text is gone: there is nothing to learn.
                    None => lessons::erase(tx, lesson.comment_id)?,
                }
            }
            Ok(())
        })
        .await
}

fn known(lesson: &Lesson) -> Option<pupil::Lesson> {
    let traits = Traits::from_bytes(lesson.traits.as_ref()?)?;
    Some(pupil::Lesson {
        traits,
        is_spam: lesson.is_spam,
    })
}

/// What the model sees of the text that was decided about, as it saw it when it judged.
fn traits(conn: &mut Conn, lesson: &Lesson) -> Result<Option<Traits>> {
    let Some(comment) = comments::by_id(conn, lesson.comment_id)? else {
        return Ok(None);
    };
    let html = match comment.revision == lesson.revision {
        true => Some(comment.body_html.clone()),
        false => revisions::one(conn, comment.id, lesson.revision)?.map(|row| row.body_html),
    };
    let Some(html) = html.filter(|html| !html.is_empty()) else {
        return Ok(None);
    };
    let (name, website) = (&comment.author_name, &comment.author_website);
    let writing = Writing::of_html(&html).signed(name.as_deref(), website.as_deref());
    let thread = threads::by_id(conn, comment.thread_id)?;
    let title = thread.as_ref().and_then(threads::Thread::title);
    let judgement = judgements::of(conn, &[comment.id])?.pop();
    let author = judgement.map_or_else(Default::default, |judgement| *judgement.author);
    Ok(Some(Traits::of(&writing, title, author)))
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
