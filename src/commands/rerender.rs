//! `postil rerender`: makes stored comments HTML anew, after a release or a rule that writes it otherwise.

use clap::Args;
use postil::domain::text::Slug;
use postil::domain::time::Time;
use postil::service::caller::Caller;
use postil::service::rerender;
use postil::store::Store;

use super::progress::drive;
use super::site::{self, unknown};
use super::{Outcome, said};

/// Whose comments.
#[derive(Args)]
pub struct Rerender {
    /// Of which site [default: of every one]
    #[arg(long, value_name = "SLUG", value_parser = |text: &str| said(Slug::parse(text)))]
    site: Option<Slug>,
}

impl Rerender {
    pub(super) async fn run(self, store: &Store) -> Outcome {
        let slugs = match self.site {
            Some(slug) => vec![slug.as_str().to_owned()],
            None => {
                let sites = site::all(store).await?;
                sites.into_iter().map(|site| site.slug).collect()
            }
        };
        let mut text = String::new();
        for slug in slugs {
            let begun = rerender::begin(store, &Caller::operator(), &slug, Time::now()).await;
            let job = begun.map_err(|error| unknown(error, &slug))?;
            let job = drive(store, job.id).await?;
            let changed = job
                .result
                .as_ref()
                .and_then(|result| result["changed"].as_i64());
            text += &format!(
                "{slug}: {} comments were made anew, {} look otherwise.\n",
                job.done,
                changed.unwrap_or_default()
            );
        }
        match text.is_empty() {
            true => Ok("There is no site.\n".into()),
            false => Ok(text),
        }
    }
}
