//! What a model sees of the texts that were decided about.

use super::STEP;
use crate::domain::id::SiteId;
use crate::domain::judgement::spam::Traits;
use crate::domain::judgement::spam::pupil;
use crate::domain::judgement::writing::Writing;
use crate::error::Result;
use crate::store::lessons::{self, Lesson};
use crate::store::{Conn, Store, comments, judgements, models, revisions, threads};

/// Looks at the texts of those lessons whose traits are not there, or are of an older Postil. A lesson whose text is gone is
/// forgotten: there is nothing to learn. Tells whether there was any.
pub(super) async fn complete(store: &Store, site: SiteId, numbers: &[i64]) -> Result<bool> {
    let mut is_any_gone = false;
    for step in numbers.chunks(STEP) {
        let step = step.to_vec();
        let looked = store
            .read(move |conn| {
                let mut looked = Vec::new();
                for lesson in lessons::by_numbers(conn, site, &step)? {
                    if known(&lesson).is_none() {
                        let traits = traits(conn, &lesson)?;
                        looked.push((lesson, traits.map(|traits| traits.to_bytes())));
                    }
                }
                Ok(looked)
            })
            .await?;
        if looked.is_empty() {
            continue;
        }
        is_any_gone |= looked.iter().any(|(_, traits)| traits.is_none());
        store
            .write(move |tx| {
                if looked.iter().any(|(_, traits)| traits.is_none()) {
                    models::lock(tx, site)?;
                }
                for (lesson, traits) in &looked {
                    match traits {
                        Some(traits) => lessons::set_traits(tx, site, lesson.number, traits)?,
                        None => lessons::forget(tx, lesson)?,
                    }
                }
                Ok(())
            })
            .await?;
    }
    Ok(is_any_gone)
}

/// What is learnt of a lesson, once its traits are known.
pub(super) fn known(lesson: &Lesson) -> Option<pupil::Lesson> {
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
