//! `postil moderate`: the comments that wait for somebody, and the smallest way to let them out.

use clap::{Args, Subcommand};
use postil::domain::moderation::Action;
use postil::domain::site::is_reason_code;
use postil::domain::time::Time;
use postil::domain::word::Word;
use postil::service::caller::Caller;
use postil::service::moderation::{self, Decision as Verdict, Target};
use postil::service::{queue, sites};
use postil::store::queue::Queue;
use postil::store::{Store, threads};
use postil::view::comment::read_as;

use super::site::unknown;
use super::{Failure, Outcome, first_line, table};

/// Lists what waits, unless something is decided.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Moderate {
    #[command(subcommand)]
    decision: Option<Decision>,
    /// Only this site's
    #[arg(long, value_name = "SLUG")]
    site: Option<String>,
}

/// What to do with comments.
#[derive(Subcommand)]
enum Decision {
    /// Let everybody see them
    Approve {
        /// As `postil moderate` lists them: ID@REVISION, so that nothing is decided about a text that nobody read;
        /// or the ID alone
        #[arg(required = true, value_name = "COMMENT", value_parser = target)]
        comments: Vec<Target>,
    },
    /// Let nobody see them
    Reject {
        /// As `postil moderate` lists them: ID@REVISION, so that nothing is decided about a text that nobody read;
        /// or the ID alone
        #[arg(required = true, value_name = "COMMENT", value_parser = target)]
        comments: Vec<Target>,
        /// Why, for their authors: a code of the site's list of reasons, such as off_topic
        #[arg(long, value_name = "CODE", value_parser = reason)]
        reason: Option<String>,
    },
}

/// How many are listed at a time.
const PAGE: usize = 100;

impl Moderate {
    pub(super) async fn run(self, store: &Store) -> Outcome {
        match self.decision {
            None => list(store, self.site).await,
            Some(Decision::Approve { comments }) => {
                decide(store, Action::Approve, &comments, None).await
            }
            Some(Decision::Reject { comments, reason }) => {
                decide(store, Action::Reject, &comments, reason).await
            }
        }
    }
}

async fn list(store: &Store, slug: Option<String>) -> Outcome {
    let site = match &slug {
        Some(slug) => {
            let site = sites::get(store, slug)
                .await
                .map_err(|error| unknown(error, slug))?;
            Some(site.id)
        }
        None => None,
    };
    let queue = Queue {
        site,
        ..Queue::pending()
    };
    let work = store.read(move |conn| {
        let (comments, next) = queue::rows(conn, &queue, None, PAGE)?;
        let mut rows = Vec::new();
        for comment in read_as(conn, &comments)? {
            let thread = threads::by_id(conn, comment.thread_id)?;
            rows.push([
                format!("{}@{}", comment.id, comment.revision),
                comment.created_at.to_string(),
                first_line(&thread.map(|thread| thread.url).unwrap_or_default(), 60),
                first_line(comment.author_name.as_deref().unwrap_or("Guest"), 24),
                first_line(&comment.body, 80),
            ]);
        }
        Ok((rows, next.is_some()))
    });
    let (rows, more) = work.await?;
    if rows.is_empty() {
        return Ok("Nothing waits.\n".into());
    }
    let mut text = table(["COMMENT", "SENT", "PAGE", "AUTHOR", "BEGINS"], rows);
    if more {
        text += &format!("More wait; these are the first {PAGE}.\n");
    }
    Ok(text)
}

async fn decide(
    store: &Store,
    action: Action,
    targets: &[Target],
    reason: Option<String>,
) -> Outcome {
    let done = match action {
        Action::Approve => "approved",
        Action::Reject => "rejected",
        other => other.word(),
    };
    let decision = Verdict {
        action,
        reason,
        note: None,
        from: None,
        whole: false,
    };
    let mut text = String::new();
    let mut failed = Vec::new();
    let caller = Caller::operator();
    let decided = moderation::decide(store, &caller, &decision, targets, Time::now()).await?;
    for (Target { id, .. }, decided) in targets.iter().zip(decided) {
        if decided.ok {
            text += &format!("{id} {done}\n");
        } else {
            failed.push(format!("{id}: {}", decided.detail.unwrap_or_default()));
        }
    }
    if failed.is_empty() {
        return Ok(text);
    }
    // What was done stays done; the status tells scripts that not all was.
    let rest = format!(
        "{} of {} were {done}.",
        targets.len() - failed.len(),
        targets.len()
    );
    Err(Failure::new(format!("{rest} {}", failed.join(" "))))
}

fn target(text: &str) -> Result<Target, String> {
    let refuse = || "It takes what `postil moderate` lists: ID@REVISION, or an ID.".to_owned();
    let (id, revision) = match text.split_once('@') {
        Some((id, revision)) => (id, Some(revision.parse().map_err(|_| refuse())?)),
        None => (text, None),
    };
    let id = id.parse().map_err(|_| refuse())?;
    Ok(Target { id, revision })
}

fn reason(text: &str) -> Result<String, String> {
    match is_reason_code(text) {
        true => Ok(text.to_owned()),
        false => Err("It takes a code of the site's list of reasons, such as off_topic.".into()),
    }
}
