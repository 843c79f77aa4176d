//! What follows from what a page says of itself.

use url::Url;

use super::passages;
use crate::domain::html_page::HtmlPage;
use crate::domain::id::ThreadId;
use crate::domain::passage::quoted::PageText;
use crate::domain::passage::text::Text;
use crate::domain::time::Time;
use crate::domain::word::{EventKind, FoundBy};
use crate::error::{Error, Result};
use crate::store::events::{self, Locked};
use crate::store::page_requests::PageRequest;
use crate::store::sites::{self, Site};
use crate::store::threads::{self, Settings, Thread};
use crate::store::{Store, passages as rows};

/// Keeps what a page said that answered from `address`: its title and address, and which of the quoted words stand in it.
///
/// # Errors
/// An outage.
pub(super) async fn keep(
    store: &Store,
    request: &PageRequest,
    mut page: HtmlPage,
    address: Url,
    now: Time,
) -> Result<()> {
    let (thread, asked) = (request.thread_id, request.url.clone());
    let row = store.read(move |conn| threads::by_id(conn, thread)).await?;
    if !row.is_some_and(|row| is_page_of(&row, &page, &asked)) {
        return Ok(());
    }
    let text = std::mem::take(&mut page.text);
    let marks = std::mem::take(&mut page.marks);
    find(store, thread, text, marks, now).await?;
    store
        .write(move |tx| {
            let mut thread = Locked::lock(tx, thread)?;
            if !is_page_of(&thread, &page, &asked) {
                return Ok(());
            }
            let site = sites::by_id(tx, thread.site_id)?.ok_or(Error::UnknownSite)?;
            let settings = Settings {
                page_title: page.title.as_ref().map(ToString::to_string),
                ..placed(&thread, &site, &page, &asked, &address)
            };
            let is_other = |own: Option<&str>, new: &Option<String>| {
                new.as_deref().is_some_and(|new| own != Some(new))
            };
            if is_other(thread.page_title.as_deref(), &settings.page_title)
                || is_other(Some(&thread.url), &settings.url)
                || settings.url_known.is_some()
            {
                threads::set(tx, thread.id, &settings)?;
                events::append(tx, &mut thread, EventKind::ThreadUpdated, None, now)?;
            }
            Ok(())
        })
        .await
}

/// Whether the page that answered at `asked` is the thread's: it is where the thread is known to be, or the thread's key stands in it.
/// Otherwise anybody could say that some other page of the site is the one.
fn is_page_of(thread: &Thread, page: &HtmlPage, asked: &str) -> bool {
    let is_there = thread.key == asked || (thread.url_known && thread.url == asked);
    is_there || page.keys.contains(&thread.key)
}

/// Where the page is, as it says itself.
fn placed(thread: &Thread, site: &Site, page: &HtmlPage, asked: &str, address: &Url) -> Settings {
    let base = page
        .base
        .as_deref()
        .and_then(|base| address.join(base).ok());
    let canonical = page.canonical.as_deref().and_then(|canonical| {
        let url = base.as_ref().unwrap_or(address).join(canonical).ok()?;
        let url = site.address_rules().canonical(url.as_str()).ok()?;
        let is_own = site.origins.iter().any(|origin| origin.matches(&url));
        is_own.then(|| url.to_string())
    });
    let (url, url_known) = match thread.url_known {
        // What it says of another address says nothing of this one.
        true => (canonical.filter(|_| thread.url == asked), None),
        false => (
            Some(canonical.unwrap_or_else(|| asked.to_owned())),
            Some(true),
        ),
    };
    Settings {
        url,
        url_known,
        ..Settings::default()
    }
}

/// Finds quoted words that wait.
async fn find(
    store: &Store,
    thread: ThreadId,
    text: String,
    marks: Vec<String>,
    now: Time,
) -> Result<()> {
    let waiting = store.read(move |conn| rows::waiting(conn, thread)).await?;
    if waiting.is_empty() {
        return Ok(());
    }
    let found = tokio::task::spawn_blocking(move || {
        passages::found_in(&PageText::new(Text::new(&text)), &waiting, Some(&marks))
    });
    let found = found
        .await
        .map_err(|error| Error::Internal(format!("looking for quoted words: {error}")))?;
    passages::keep_found(store, thread, found, FoundBy::Page, now).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::SiteId;
    use crate::domain::page::Origin;
    use crate::domain::site::{Phrases, Policy};
    use crate::store::types::Json;

    fn settings(key: &str, url: &str, html: &str) -> (Option<String>, Option<bool>) {
        let now = Time::from_micros(0);
        let site = Site {
            addresses: None,
            next_addresses: None,
            id: SiteId::new(),
            slug: "blog".into(),
            name: "Blog".into(),
            origins: Json::new(vec![Origin::parse("https://blog.example").unwrap()]),
            locale: "en".into(),
            policy: Json::new(Policy::default()),
            phrases: Json::new(Phrases::default()),
            sso: None,
            version: 0,
            created_at: now,
        };
        let thread = Thread::empty(ThreadId::minted(site.id, key, 0), site.id, key, url, now);
        let page = HtmlPage::of(html);
        if !is_page_of(&thread, &page, url) {
            return (None, None);
        }
        let placed = placed(&thread, &site, &page, url, &Url::parse(url).unwrap());
        (placed.url, placed.url_known)
    }

    #[test]
    fn a_page_says_itself_where_it_is() {
        let url = "https://blog.example/a?page=2";
        let canonical = |href: &str| format!("<link rel=canonical href='{href}'>");
        for (href, told) in [
            ("/a", Some("https://blog.example/a")),
            ("https://blog.example/b#c", Some("https://blog.example/b")),
            ("https://elsewhere.example/a", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            let placed = settings(url, url, &canonical(href));
            assert_eq!(placed, (told.map(str::to_owned), None), "{href}");
        }
    }

    #[test]
    fn a_page_with_a_key_is_believed_if_the_key_stands_in_it() {
        let url = "https://blog.example/a";
        assert_eq!(
            settings("k", url, "<link rel=canonical href='/b'>"),
            (None, None)
        );
        assert_eq!(
            settings("k", url, "<postil-thread key=other>"),
            (None, None)
        );
        let own = settings("k", url, "<postil-thread key=k>");
        assert_eq!(own, (Some(url.to_owned()), Some(true)));
        let own = settings(
            "k",
            url,
            "<link rel=canonical href='/b'><postil-thread key=k>",
        );
        assert_eq!(own, (Some("https://blog.example/b".to_owned()), Some(true)));
    }
}
