//! `postil migrate`: the schema, brought up to date without serving.

use postil::config::{self, Common};
use postil::store;

use super::Outcome;

pub(super) fn run(common: &Common) -> Outcome {
    if common.database.is_none() {
        config::make_data_dir(&common.data_dir)?;
    }
    let database = common.direct_database()?.unwrap_or(common.database());
    let ran = store::offline::migrate(&database)?;
    if ran.is_empty() {
        return Ok("The database is up to date.\n".into());
    }
    Ok(ran.iter().map(|name| format!("Ran {name}.\n")).collect())
}
