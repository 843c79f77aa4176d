//! `postil job`: long work, and waiting for it.

use clap::Subcommand;
use postil::domain::id::JobId;
use postil::domain::time::Time;
use postil::domain::word::Word;
use postil::error::Error;
use postil::service::caller::Caller;
use postil::service::jobs;
use postil::store::Store;
use postil::store::jobs::Job as Row;
use postil::view::job::{percent, seconds_left};

use super::progress::{drive, gone};
use super::site::{self, unknown};
use super::{Outcome, table};

/// What to do with long work.
#[derive(Subcommand)]
pub enum Job {
    /// List the jobs of the last 90 days, the newest first
    List {
        /// Of which site [default: of every one]
        #[arg(long, value_name = "SLUG")]
        site: Option<String>,
    },
    /// Show how far a job is, and what came of it
    Show {
        /// Its id
        #[arg(value_parser = id)]
        id: JobId,
    },
    /// Follow a job to its end, and go on with it where no service does
    Follow {
        /// Its id
        #[arg(value_parser = id)]
        id: JobId,
    },
    /// Stop a job; what it did half is put back
    Cancel {
        /// Its id
        #[arg(value_parser = id)]
        id: JobId,
    },
}

fn id(text: &str) -> Result<JobId, &'static str> {
    text.parse()
        .map_err(|_| "It takes an id as `postil job list` shows it.")
}

impl Job {
    pub(super) async fn run(self, store: &Store) -> Outcome {
        let operator = Caller::operator();
        match self {
            Self::List { site } => list(store, site).await,
            Self::Show { id } => {
                let (job, site) = jobs::get(store, &operator, id)
                    .await
                    .map_err(|error| gone(error, id))?;
                Ok(describe(&job, site))
            }
            Self::Follow { id } => {
                let job = drive(store, id).await?;
                let (_, site) = jobs::get(store, &operator, id).await?;
                Ok(describe(&job, site))
            }
            Self::Cancel { id } => {
                let job = jobs::cancel(store, &operator, id, Time::now())
                    .await
                    .map_err(|error| gone(error, id))?;
                if job.cancelling {
                    drive(store, id).await?;
                }
                Ok(format!("Cancelled the job {id}.\n"))
            }
        }
    }
}

async fn list(store: &Store, slug: Option<String>) -> Outcome {
    const PAGE: usize = 100;
    let sites = site::all(store).await?;
    let site = match &slug {
        None => None,
        Some(slug) => {
            let found = sites.iter().find(|site| site.slug == *slug);
            let found = found.ok_or_else(|| unknown(Error::UnknownSite, slug))?;
            Some(found.id)
        }
    };
    let now = Time::now();
    let mut rows = Vec::new();
    let mut before = None;
    loop {
        let page = jobs::list(store, &Caller::operator(), site, before, PAGE).await?;
        before = page.last().map(|job| job.id);
        let was_last = page.len() < PAGE;
        for job in page {
            let own = sites.iter().find(|site| Some(site.id) == job.site_id);
            rows.push([
                job.id.to_string(),
                job.kind.word().to_owned(),
                own.map_or("-", |site| site.slug.as_str()).to_owned(),
                job.created_at.to_string(),
                standing(&job, now),
            ]);
        }
        if was_last {
            break;
        }
    }
    if rows.is_empty() {
        return Ok("There is no job.\n".into());
    }
    Ok(table(["JOB", "KIND", "SITE", "BEGUN", "STATE"], rows))
}

/// How a job stands, with how far it is and how long it takes yet.
fn standing(job: &Row, now: Time) -> String {
    let mut text = match job.cancelling && job.ended_at.is_none() {
        true => "being cancelled".to_owned(),
        false => job.state.word().to_owned(),
    };
    if job.ended_at.is_none() {
        if let Some(percent) = percent(job) {
            text += &format!(", {percent} %");
        }
        if let Some(seconds) = seconds_left(job, now) {
            text += &format!(", about {seconds} s left");
        }
    }
    text
}

fn describe(job: &Row, site: Option<String>) -> String {
    let site = site.map_or_else(
        || "the service".to_owned(),
        |site| format!("the site {site}"),
    );
    let mut text = format!(
        "The job {}, {} of {site}: {}\n",
        job.id,
        job.kind.word(),
        standing(job, Time::now())
    );
    let of = job.total.map(|total| format!(" of {total}"));
    text += &format!("  done: {}{}\n", job.done, of.unwrap_or_default());
    text += &format!("  begun: {}\n", job.created_at);
    if let Some(end) = job.ended_at {
        text += &format!("  ended: {end}\n");
    }
    if let (Some(code), Some(detail)) = (&job.error, &job.detail) {
        text += &format!("  failed: {detail} ({code})\n");
    }
    if let Some(result) = &job.result {
        text += &format!("  result: {}\n", **result);
    }
    text
}
