//! Asks pages what they say of themselves: their title, their address, and whether the words that readers quote stand in them.
//!
//! A page is asked once something was written on it, at most once an hour; a site at most once a second; on the site's exact
//! origins alone. A request is a row that goes when the page has answered, so that it survives a crash and any instance may take it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

use super::{demo_page, page_findings};
use crate::domain::html_page::HtmlPage;
use crate::domain::id::SiteId;
use crate::domain::page::{PageUrl, TrailingSlash};
use crate::domain::service_url::ServiceUrl;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::outbound::{Client, Failure};
use crate::store::page_requests::{self, PageRequest};
use crate::store::sites::{self, Site};
use crate::store::threads::Thread;
use crate::store::{Store, Tx, threads};

/// How often one page is asked at most; also when a request is taken up again that nobody brought to its end.
const PAGE: Duration = Duration::from_secs(3600);

/// How often one site is asked at most, and how long between two looks for pages to ask.
const SITE: Duration = Duration::from_secs(1);

/// How long a page may take to answer, with all redirects.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many redirects are followed.
const REDIRECTS: usize = 3;

/// How many pages are asked at a time.
const AT_ONCE: usize = 4;

/// For how long after a thread's last event a page that cannot be reached is asked again.
const HOPE: Duration = Duration::from_secs(24 * 3600);

/// Calls for a page to be asked, in the transaction that takes a comment on it. A page that was asked within the hour is asked
/// again only if `quotes_unfound`: somebody quotes words that did not stand there.
pub(super) fn ask(
    tx: &mut Tx,
    site: &Site,
    thread: &Thread,
    url: &PageUrl,
    quotes_unfound: bool,
    now: Time,
) -> Result<()> {
    // Where it is known to be, whatever a reader's browser says.
    let known = match thread.url_known {
        true => PageUrl::parse(&thread.url, TrailingSlash::Keep).ok(),
        false => None,
    };
    let url = known.as_ref().unwrap_or(url);
    if !site.policy.fetch_pages || !is_exactly_on(site, url) {
        return Ok(());
    }
    let lease = thread.page_asked_at.map(|asked| asked.plus(PAGE));
    // Later than the end of a request that may be under way, which has not seen what is quoted now, and forgets itself alone.
    let due_at = lease.map_or(now, |lease| lease.plus(SITE).max(now));
    if due_at > now && !quotes_unfound {
        return Ok(());
    }
    let is_called_for = page_requests::of(tx, thread.id)?.is_some_and(|before| {
        before.url == url.as_str() && before.due_at <= due_at && Some(before.due_at) != lease
    });
    if is_called_for {
        return Ok(());
    }
    let request = PageRequest {
        thread_id: thread.id,
        site_id: site.id,
        url: url.to_string(),
        due_at,
    };
    page_requests::put(tx, &request)
}

/// Whether a page lies on an origin that the site lists as it is: anybody may have a page on one of all subdomains.
fn is_exactly_on(site: &Site, url: &PageUrl) -> bool {
    let mut exact = site.origins.iter().filter(|origin| origin.is_exact());
    exact.any(|origin| origin.matches(url))
}

/// Asks pages.
pub struct PageAsker {
    client: Client,
    /// Where the service itself is: its own pages are not asked for over the network.
    own: Vec<ServiceUrl>,
}

/// What asking a page came to.
enum Answer {
    /// A document, at this address in the end.
    Page(Box<HtmlPage>, Url),
    /// It may answer another time.
    Later(&'static str),
    /// It says nothing to us.
    Nothing(&'static str),
}

impl PageAsker {
    /// By this way out; `own` are the addresses at which the service itself is.
    pub fn new(client: Client, own: Vec<ServiceUrl>) -> Self {
        Self { client, own }
    }

    /// Asks what is due until `stop` turns true.
    pub async fn run(self, store: Store, mut stop: watch::Receiver<bool>) {
        let asker = Arc::new(self);
        let mut under_way = JoinSet::new();
        let mut last = None;
        loop {
            while under_way.try_join_next().is_some() {}
            let room = AT_ONCE - under_way.len();
            match take_up(&store, last, room, Time::now()).await {
                Ok(taken) => {
                    // Sites have their turns one after another, however much there is to ask of one of them.
                    if let Some((request, _)) = taken.last() {
                        last = Some(request.site_id);
                    }
                    for (request, until) in taken {
                        let (asker, store) = (asker.clone(), store.clone());
                        under_way.spawn(async move {
                            if let Err(error) = asker.work(&store, &request, until).await {
                                // The request is still there, and taken up again.
                                tracing::warn!(code = error.code(), "asking a page put off");
                            }
                        });
                    }
                }
                Err(error) => tracing::warn!(code = error.code(), "asking pages put off"),
            }
            tokio::select! {
                // An error means that whoever would stop this is gone.
                _ = stop.wait_for(|stop| *stop) => return,
                () = tokio::time::sleep(SITE) => {}
            }
        }
    }

    async fn work(&self, store: &Store, request: &PageRequest, until: Time) -> Result<()> {
        let (id, thread) = (request.site_id, request.thread_id);
        let read = store.read(move |conn| {
            let site = sites::by_id(conn, id)?.ok_or(Error::UnknownSite)?;
            let thread = threads::by_id(conn, thread)?.ok_or(Error::NotFound)?;
            Ok((site, thread))
        });
        let (site, row) = read.await?;
        match self.answer(&site, &request.url).await {
            Answer::Page(page, address) => {
                page_findings::keep(store, request, *page, address, Time::now()).await?;
            }
            Answer::Later(why) => {
                tracing::info!(site = %id, "a page did not answer: {why}");
                if row.last_at.plus(HOPE) > Time::now() {
                    return Ok(());
                }
            }
            Answer::Nothing(why) => tracing::info!(site = %id, "a page says nothing: {why}"),
        }
        store
            .write(move |tx| page_requests::settle(tx, thread, until))
            .await
    }

    async fn answer(&self, site: &Site, url: &str) -> Answer {
        let Ok(mut url) = Url::parse(url) else {
            return Answer::Nothing("its address is none");
        };
        let end = tokio::time::Instant::now() + PATIENCE;
        for _ in 0..=REDIRECTS {
            let place = PageUrl::parse(url.as_str(), TrailingSlash::Keep);
            let Some(place) = place.ok().filter(|place| is_exactly_on(site, place)) else {
                return Answer::Nothing("it leads off the site");
            };
            if !site.policy.fetch_pages {
                return Answer::Nothing("the site does not want it asked");
            }
            let mut own = self.own.iter().filter(|own| own.origin().matches(&place));
            if let Some(path) = own.find_map(|own| own.below(url.path())) {
                return match path == demo_page::PATH {
                    true => Answer::Page(Box::new(HtmlPage::of(demo_page::PAGE)), url),
                    false => Answer::Nothing("it is the service's own"),
                };
            }
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            let page = match self.client.get_page(url.to_string(), left).await {
                Ok(page) => page,
                Err(Failure::Forbidden) => {
                    return Answer::Nothing(
                        "its address may not be called (--outbound-networks names private networks that may)",
                    );
                }
                Err(Failure::Large) => return Answer::Nothing("its answer is too large"),
                Err(Failure::Busy) => return Answer::Later("too many requests are under way"),
                Err(Failure::Late) => return Answer::Later("it took too long"),
                Err(Failure::Broken) => return Answer::Later("it cannot be reached"),
            };
            match page.status {
                200 => {
                    let kind = page.content_type.as_deref().unwrap_or("text/html");
                    let kind = kind.split(';').next().unwrap_or_default().trim();
                    let is_html = ["text/html", "application/xhtml+xml"]
                        .iter()
                        .any(|html| kind.eq_ignore_ascii_case(html));
                    if !is_html {
                        return Answer::Nothing("it is no HTML");
                    }
                    let read = tokio::task::spawn_blocking(move || {
                        HtmlPage::read(&page.body, page.content_type.as_deref())
                    });
                    return match read.await {
                        Ok(page) => Answer::Page(Box::new(page), url),
                        Err(_) => Answer::Nothing("it cannot be read"),
                    };
                }
                301 | 302 | 303 | 307 | 308 => {
                    let next = page.location.and_then(|next| url.join(&next).ok());
                    let Some(next) = next else {
                        return Answer::Nothing("it leads nowhere");
                    };
                    url = next;
                }
                429 | 500.. => return Answer::Later("it has no answer just now"),
                _ => return Answer::Nothing("it is not there"),
            }
        }
        Answer::Nothing("it leads on and on")
    }
}

/// Takes pages up that are to be asked, each of another site; gives them with the time at which others may take them.
async fn take_up(
    store: &Store,
    last: Option<SiteId>,
    room: usize,
    now: Time,
) -> Result<Vec<(PageRequest, Time)>> {
    // Room is a handful.
    let most = room as i64;
    let read = store.read(move |conn| {
        let mut due = page_requests::sites(conn, last, now, most)?;
        if last.is_some() && due.len() < room {
            due.extend(page_requests::sites(conn, None, now, most)?);
        }
        Ok(due)
    });
    let mut due = read.await?;
    due.truncate(room);
    if due.is_empty() {
        return Ok(Vec::new());
    }
    let until = now.plus(PAGE);
    store
        .write(move |tx| {
            let mut taken: Vec<(PageRequest, Time)> = Vec::new();
            for site in &due {
                if taken.iter().any(|(request, _)| request.site_id == *site)
                    || !page_requests::take_turn(tx, *site, SITE, now)?
                {
                    continue;
                }
                let Some(request) = page_requests::first(tx, *site, now)? else {
                    continue;
                };
                if page_requests::take_up(tx, &request, until, now)? {
                    taken.push((request, until));
                }
            }
            Ok(taken)
        })
        .await
}
