//! Ways in for a site's own people that the operator has printed, good once: a link to a page of the site, or a code for the service
//! itself. A link leads to a page with a button, since whoever looks at it shall change nothing; the button gives a code, which that page
//! redeems.

use serde_json::json;

use super::audit::{self, Act};
use super::caller::Caller;
use super::identity::identity;
use super::session_kinds::{Whence, begin_staff_session};
use super::sign_in::wrong;
use super::staff_sign_in::{exact, is_staff, origin};
use super::{demo, demo_page, threads};
use crate::domain::id::{PersonId, StaffLinkId};
use crate::domain::link;
use crate::domain::service_url::ServiceUrl;
use crate::domain::time::Time;
use crate::domain::token::{Keys, OneTime};
use crate::domain::word::{Role, SessionKind};
use crate::error::{Error, Result};
use crate::store::people::{self, Person};
use crate::store::sites::{self, Site};
use crate::store::staff_links::{self, StaffLink};
use crate::store::types::Named;
use crate::store::{Conn, Store, Tx, threads as rows};
use crate::view::person::Identity;

/// Among how many of a site's newest pages one is looked for to go to.
const PAGES: i64 = 100;

/// Where a one-time way in leads.
#[derive(Debug, Clone)]
pub enum Goal {
    /// To this page of the site; `None`: to its newest thread's, or else to where its pages begin.
    Page(Option<String>),
    /// To the service itself.
    Console,
}

/// A way in that was made.
pub struct Made {
    /// What is good once: what a link ends with, or the code that begins a console's session.
    pub secret: String,
    /// The page that it leads to; none for a console.
    pub url: Option<String>,
}

/// Makes a one-time way in for one of a site's own people. `service` is how browsers reach the service.
///
/// # Errors
/// [`Error::NotFound`] for who has no role, `url_not_on_site`, [`Error::Conflict`] where the site lists no origin as it is.
pub async fn make(
    store: &Store,
    caller: &Caller,
    person: PersonId,
    goal: Goal,
    service: ServiceUrl,
    now: Time,
) -> Result<Made> {
    let caller = caller.clone();
    let (secret, hash) = OneTime::generate();
    let url = store
        .write(move |tx| {
            let person = people::by_id(tx, person)?
                .filter(is_staff)
                .ok_or(Error::NotFound)?;
            caller.must_change(Role::Admin, Some(person.site_id))?;
            let site = sites::by_id(tx, person.site_id)?.ok_or(Error::NotFound)?;
            let (kind, url) = match &goal {
                Goal::Page(page) => (
                    SessionKind::Page,
                    Some(page_of(tx, &site, page.as_deref(), &service)?),
                ),
                Goal::Console => (SessionKind::Console, None),
            };
            let secret = Some(hash.to_vec());
            let (link, code) = match kind {
                SessionKind::Console => (None, secret),
                _ => (secret, None),
            };
            let row = StaffLink {
                id: StaffLinkId::new(),
                site_id: site.id,
                person_id: person.id,
                kind: Named(kind),
                url: url.clone(),
                link,
                code,
                created_at: now,
                expires_at: now.plus(link::STAFF),
                opened_at: None,
                redeemed_at: None,
            };
            staff_links::insert(tx, &row)?;
            let act = Act {
                site: Some(site.id),
                action: "make_link",
                object: "person",
                reason: None,
                note: None,
                was: json!({}),
                became: json!({"kind": kind, "expires_at": row.expires_at}),
            };
            audit::record(tx, Some(&caller), person.id, &act, now)?;
            Ok(url)
        })
        .await?;
    Ok(Made { secret, url })
}

/// The page that a link leads to: the one that was named, or else the newest there is.
fn page_of(
    conn: &mut Conn,
    site: &Site,
    named: Option<&str>,
    service: &ServiceUrl,
) -> Result<String> {
    if let Some(named) = named {
        let page = threads::Page::parse(site, named, None);
        let page = page.map_err(|(_, invalid)| Error::field("/url", invalid))?;
        return match exact(site, page.url.as_str()) {
            Some(_) => Ok(page.url.to_string()),
            None => Err(Error::Conflict(format!(
                "{} is on an origin that the site {} lists by a wildcard alone, where nobody moderates in a page",
                page.url, site.slug
            ))),
        };
    }
    if site.slug == demo::SLUG {
        let page = service.at(demo_page::PATH);
        if exact(site, &page).is_some() {
            return Ok(page);
        }
    }
    for page in rows::newest_pages(conn, site.id, PAGES)? {
        if exact(site, &page).is_some() {
            return Ok(page);
        }
    }
    let mut origins = site.origins.iter().filter(|origin| origin.is_exact());
    match origins.next() {
        Some(origin) => Ok(format!("{origin}/")),
        None => Err(Error::Conflict(format!(
            "the site {} lists its origins by wildcards alone, where nobody moderates in a page; list one as it is",
            site.slug
        ))),
    }
}

/// Whose account a link opens, and where.
pub struct Account {
    /// The site.
    pub site: Site,
    /// Whose, while the link is good; nobody once it was used, its time is over, or they have no role any more.
    pub person: Option<(Person, String)>,
}

/// Whose account this link opens; changes nothing.
///
/// # Errors
/// [`Error::NotFound`] for what is no link.
pub async fn look(store: &Store, secret: &str, now: Time) -> Result<Account> {
    let hash = OneTime::hash(secret).ok_or(Error::NotFound)?;
    store
        .read(move |conn| {
            let link = staff_links::by_link(conn, &hash)?.ok_or(Error::NotFound)?;
            account(conn, &link, now)
        })
        .await
}

fn account(conn: &mut Conn, link: &StaffLink, now: Time) -> Result<Account> {
    let site = sites::by_id(conn, link.site_id)?.ok_or(Error::NotFound)?;
    let is_good = link.opened_at.is_none() && link.expires_at > now;
    let url = link.url.clone().filter(|_| is_good);
    let person = match &url {
        Some(_) => people::by_id(conn, link.person_id)?.filter(is_staff),
        None => None,
    };
    Ok(Account {
        site,
        person: person.zip(url),
    })
}

/// Follows a link: gives the page's address, with what signs in there in its fragment; or nothing when it is not good any more.
///
/// # Errors
/// [`Error::NotFound`] for what is no link.
pub async fn open(store: &Store, secret: &str, now: Time) -> Result<Option<String>> {
    let hash = OneTime::hash(secret).ok_or(Error::NotFound)?;
    let (code, code_hash) = OneTime::generate();
    let url = store
        .write(move |tx| {
            let link = staff_links::by_link(tx, &hash)?.ok_or(Error::NotFound)?;
            let Some((_, url)) = account(tx, &link, now)?.person else {
                return Ok(None);
            };
            let until = now.plus(link::REDEEM);
            let is_first = staff_links::open(tx, link.id, &code_hash, until, now)?;
            Ok(Some(url).filter(|_| is_first))
        })
        .await?;
    Ok(url.map(|url| format!("{url}{}{code}", link::FRAGMENT)))
}

/// The person of a way in of that kind whose code this is, while they have a role.
fn by_code(
    conn: &mut Conn,
    kind: SessionKind,
    code: &str,
    now: Time,
) -> Result<Option<(StaffLink, Person)>> {
    let Some(hash) = OneTime::hash(code) else {
        return Ok(None);
    };
    let link = staff_links::by_code(conn, &hash, now)?.filter(|link| *link.kind == kind);
    let Some(link) = link else {
        return Ok(None);
    };
    let person = people::by_id(conn, link.person_id)?.filter(is_staff);
    Ok(person.map(|person| (link, person)))
}

/// Whom a code in the fragment of a page's address signs in on this site, without using it.
pub(super) fn whose(
    conn: &mut Conn,
    site: &Site,
    code: &str,
    now: Time,
) -> Result<Option<(StaffLink, Person)>> {
    let found = by_code(conn, SessionKind::Page, code, now)?;
    Ok(found.filter(|(link, _)| link.site_id == site.id))
}

/// Uses such a code up; gives who is signed in by it, and at which origin.
///
/// # Errors
/// [`Error::OriginNotAllowed`] under a wildcard; then it is not used.
pub(super) fn redeem(
    tx: &mut Tx,
    site: &Site,
    code: &str,
    whence: &Whence,
    now: Time,
) -> Result<Option<(Person, String)>> {
    let Some((link, person)) = whose(tx, site, code, now)? else {
        return Ok(None);
    };
    let page = link.url.as_deref().unwrap_or_default();
    let origin = origin(site, page, whence).ok_or(Error::OriginNotAllowed)?;
    let is_first = staff_links::redeem(tx, link.id, now)?;
    Ok(Some((person, origin)).filter(|_| is_first))
}

/// Begins a console's session by the code that the operator had printed.
///
/// # Errors
/// `code_invalid` for a code that is wrong, was used or is too old; [`Error::OriginNotAllowed`] for a page that is not the service's own.
pub async fn begin_console(
    store: &Store,
    keys: &Keys,
    code: String,
    whence: Whence,
    now: Time,
) -> Result<Identity> {
    whence.must_be_own()?;
    let keys = keys.clone();
    store
        .write(move |tx| {
            let found = by_code(tx, SessionKind::Console, &code, now)?;
            let (link, person) = found.ok_or_else(wrong)?;
            if !staff_links::redeem(tx, link.id, now)? {
                return Err(wrong());
            }
            let site = sites::by_id(tx, person.site_id)?.ok_or(Error::NotFound)?;
            let minted = begin_staff_session(tx, &keys, &person, None, now)?;
            Ok(identity(minted, &person, &site))
        })
        .await
}
