//! What is made of a site's rows and kept ready for the next comment on it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::id::SiteId;
use crate::error::Result;

/// Of how many sites it is kept: those last written on, more or less.
const SITES: usize = 16;

/// Things of type `T`, one for a site, each in the state `V`.
#[derive(Clone)]
pub(super) struct Ready<V, T>(Arc<Mutex<BySite<V, T>>>);

type BySite<V, T> = HashMap<SiteId, (V, Arc<T>)>;

impl<V, T> Default for Ready<V, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<V: PartialEq, T> Ready<V, T> {
    /// A site's, in that state; made now, if it is not ready.
    pub(super) fn get(
        &self,
        site: SiteId,
        state: V,
        make: impl FnOnce() -> Result<Arc<T>>,
    ) -> Result<Arc<T>> {
        if let Some((known, ready)) = self.lock().get(&site)
            && *known == state
        {
            return Ok(ready.clone());
        }
        // Nobody waits while it is made; two who want it at once make it twice.
        let made = make()?;
        let mut all = self.lock();
        if all.len() >= SITES && !all.contains_key(&site) {
            // Any will do: whoever is written on is ready again after one comment.
            if let Some(other) = all.keys().next().copied() {
                all.remove(&other);
            }
        }
        all.insert(site, (state, made.clone()));
        Ok(made)
    }

    fn lock(&self) -> MutexGuard<'_, BySite<V, T>> {
        // Each change is one insertion or removal, so a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_state_is_made_anew_and_few_sites_are_kept() {
        let ready: Ready<i64, i64> = Ready::default();
        let site = SiteId::new();
        let get = |site, state| ready.get(site, state, || Ok(Arc::new(state * 10)));
        assert_eq!(get(site, 1).map(|made| *made).ok(), Some(10));
        let kept = ready.get(site, 1, || Ok(Arc::new(0)));
        assert_eq!(kept.map(|made| *made).ok(), Some(10));
        assert_eq!(get(site, 2).map(|made| *made).ok(), Some(20));
        for _ in 0..3 * SITES {
            assert!(get(SiteId::new(), 1).is_ok());
        }
        assert_eq!(ready.lock().len(), SITES);
    }
}
