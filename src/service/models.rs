//! Each site's spam model, ready to judge.

use std::sync::{Arc, OnceLock};

use super::ready::Ready;
use crate::domain::id::SiteId;
use crate::domain::judgement::spam::Model;
use crate::domain::judgement::spam::pupil::Pupil;
use crate::error::Result;
use crate::store::{Conn, models};

/// The models of the sites that were last written on. Cheap to clone; empty until somebody writes.
#[derive(Clone, Default)]
pub struct Models {
    taught: Ready<i64, Model>,
    /// What every site begins with.
    untaught: Arc<OnceLock<Arc<Model>>>,
}

impl Models {
    /// A site's model. What any instance has taught it is heeded.
    ///
    /// # Errors
    /// [`crate::error::Error::Database`].
    pub fn of(&self, conn: &mut Conn, site: SiteId) -> Result<Arc<Model>> {
        let version = models::version(conn, site)?;
        if version == 0 {
            return Ok(self.untaught());
        }
        self.taught.get(site, version, || {
            let weights = models::weights(conn, site)?;
            let model = weights.and_then(|weights| Model::from_bytes(&weights));
            Ok(model.map_or_else(|| self.untaught(), Arc::new))
        })
    }

    fn untaught(&self) -> Arc<Model> {
        let model = self
            .untaught
            .get_or_init(|| Arc::new(Pupil::seasoned().into()));
        model.clone()
    }
}
