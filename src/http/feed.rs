//! Comments as an Atom feed (RFC 4287).

use serde::Serialize;
use uuid::Uuid;

use crate::domain::id::CommentId;
use crate::domain::time::Time;
use crate::error::Result;
use crate::store::comments::Comment;
use crate::store::sites::Site;
use crate::store::threads::{PublicThread, Thread};
use crate::template::render;

/// The newest comments of a thread or a site. Its ids are the same wherever the service runs.
#[derive(Debug, Serialize)]
pub struct Feed {
    id: String,
    title: String,
    /// The feed's own address.
    self_url: String,
    /// The page that it is about.
    page_url: String,
    updated: Time,
    entries: Vec<Entry>,
}

#[derive(Debug, Serialize)]
struct Entry {
    id: CommentId,
    author: String,
    website: Option<String>,
    page: String,
    url: String,
    body_html: String,
    published: Time,
    updated: Time,
}

impl Feed {
    /// A thread's published comments, newest first.
    pub fn of_thread(thread: &PublicThread, comments: &[Comment], self_url: &str) -> Self {
        Self {
            id: thread.id.to_string(),
            title: format!("Comments on {}", page_name(thread)),
            self_url: self_url.to_owned(),
            page_url: thread.url.clone(),
            // The log's clock also moves when a comment goes.
            updated: thread.last_at,
            entries: comments
                .iter()
                .map(|comment| Entry::new(comment, thread))
                .collect(),
        }
    }

    /// A site's published comments, newest first, each with its thread. `page_url` is an address of
    /// the site, such as its first origin.
    pub fn of_site(
        site: &Site,
        comments: &[(Comment, &PublicThread)],
        self_url: &str,
        page_url: &str,
    ) -> Self {
        let entries: Vec<_> = comments
            .iter()
            .map(|(comment, thread)| Entry::new(comment, thread))
            .collect();
        let latest = entries.iter().map(|entry| entry.updated).max();
        Self {
            // A site's own id stays inside.
            id: Uuid::new_v5(&site.id.uuid(), b"feed").to_string(),
            title: format!("Comments on {}", site.name),
            self_url: self_url.to_owned(),
            page_url: page_url.to_owned(),
            updated: latest.unwrap_or(site.created_at),
            entries,
        }
    }
}

impl Entry {
    fn new(comment: &Comment, thread: &PublicThread) -> Self {
        let published = comment.published_at.unwrap_or(comment.created_at);
        // The page's own fragment, if its address has one, would hide ours.
        let page = thread.url.split('#').next().unwrap_or(&thread.url);
        Self {
            id: comment.id,
            author: comment
                .author_name
                .clone()
                .unwrap_or_else(|| "Guest".to_owned()),
            website: comment.author_website.clone(),
            page: page_name(thread).to_owned(),
            url: format!("{page}#postil-{}", comment.id),
            body_html: comment.body_html.clone(),
            published,
            updated: comment
                .edited_at
                .map_or(published, |edited| edited.max(published)),
        }
    }
}

/// The publisher's title, else the address.
fn page_name(thread: &Thread) -> &str {
    thread.title().unwrap_or(&thread.url)
}

/// The feed's document, to be served as `application/atom+xml`.
///
/// # Errors
/// [`crate::error::Error::Internal`] when the template is broken.
pub fn feed(feed: &Feed) -> Result<String> {
    render("feed.xml", feed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{PersonId, SiteId, ThreadId};
    use crate::domain::site::{Phrases, Policy};
    use crate::domain::word::Status;
    use crate::store::types::{Json, Named};

    const HOSTILE: &str = "<script>alert(1)</script>]]>\"'&\u{1}\u{ffff}";

    fn time(seconds: i64) -> Time {
        Time::from_micros(seconds * 1_000_000)
    }

    fn thread() -> Thread {
        let site = SiteId::from_uuid(Uuid::nil());
        let url = "https://example.org/a?b=1&c=%22";
        Thread {
            title: Some("On margins".into()),
            ..Thread::empty(ThreadId::minted(site, url, 0), site, url, url, time(1000))
        }
    }

    fn comment(thread: &Thread, name: Option<&str>) -> Comment {
        let id = CommentId::from_uuid(Uuid::from_u128(7));
        Comment {
            id,
            root_id: id,
            author_name: name.map(str::to_owned),
            author_website: Some("https://example.net/?a=1&b=2".into()),
            status: Named(Status::Published),
            listed: true,
            body: "Tom & Jerry ]]>".into(),
            body_html: "<p>Tom &amp; Jerry ]]&gt;</p>".into(),
            published_at: Some(time(2000)),
            active_at: time(2000),
            edited_at: Some(time(3000)),
            ..Comment::new(thread, PersonId::new(), time(1000))
        }
    }

    #[test]
    fn a_threads_feed_says_who_wrote_what_where_and_when() {
        let thread = thread().public().unwrap();
        let comments = [comment(&thread, Some("Ann")), comment(&thread, None)];
        let url = "https://comments.example.org/v1/threads/x/feed";
        let atom = feed(&Feed::of_thread(&thread, &comments, url)).unwrap();
        assert!(atom.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\">"), "{atom}");
        for needed in [
            format!("<id>urn:uuid:{}</id>", thread.id),
            format!(r#"<link rel="self" type="application/atom+xml" href="{url}"/>"#),
            r#"<link rel="alternate" type="text/html" href="https://example.org/a?b=1&amp;c=%22"/>"#.into(),
            "<title>Comments on On margins</title>".into(),
            "<updated>1970-01-01T00:16:40.000Z</updated>".into(),
            "<id>urn:uuid:00000000-0000-0000-0000-000000000007</id>".into(),
            "<title>Comment by Ann on On margins</title>".into(),
            "<title>Comment by Guest on On margins</title>".into(),
            "<name>Ann</name>".into(),
            "<uri>https://example.net/?a=1&amp;b=2</uri>".into(),
            "<published>1970-01-01T00:33:20.000Z</published>".into(),
            "<updated>1970-01-01T00:50:00.000Z</updated>".into(),
            r#"href="https://example.org/a?b=1&amp;c=%22#postil-00000000-0000-0000-0000-000000000007"/>"#.into(),
            r#"<content type="html">&lt;p&gt;Tom &amp;amp; Jerry ]]&amp;gt;&lt;/p&gt;</content>"#.into(),
        ] {
            assert!(atom.contains(&needed), "{needed} in {atom}");
        }
    }

    #[test]
    fn nothing_told_becomes_markup() {
        let mut thread = thread();
        thread.title = None;
        thread.page_title = Some(HOSTILE.into());
        let thread = thread.public().unwrap();
        let comments = [comment(&thread, Some(HOSTILE))];
        let url = "https://comments.example.org/?\"><x";
        let atom = feed(&Feed::of_thread(&thread, &comments, url)).unwrap();
        assert!(
            !atom.contains("<script") && !atom.contains("]]>") && !atom.contains("<x"),
            "{atom}"
        );
        assert!(
            !atom.contains('\u{1}') && !atom.contains('\u{ffff}'),
            "{atom}"
        );
    }

    #[test]
    fn a_sites_feed_hides_the_sites_id() {
        let thread = thread().public().unwrap();
        let site = Site {
            addresses: None,
            next_addresses: None,
            id: SiteId::from_uuid(Uuid::from_u128(42)),
            slug: "blog".into(),
            name: "Blog & Co".into(),
            origins: Json::new(Vec::new()),
            locale: "en".into(),
            policy: Json::new(Policy::default()),
            phrases: Json::new(Phrases::default()),
            sso: None,
            version: 0,
            created_at: time(5),
        };
        let comments = [(comment(&thread, Some("Ann")), &thread)];
        let (own, page) = (
            "https://c.example.org/v1/sites/blog/feed",
            "https://example.org",
        );
        let atom = feed(&Feed::of_site(&site, &comments, own, page)).unwrap();
        assert!(
            atom.contains("<title>Comments on Blog &amp; Co</title>"),
            "{atom}"
        );
        assert!(
            atom.contains("<updated>1970-01-01T00:50:00.000Z</updated>"),
            "{atom}"
        );
        assert!(!atom.contains(&site.id.to_string()), "{atom}");
        let empty = feed(&Feed::of_site(&site, &[], own, page)).unwrap();
        assert!(
            empty.contains("<updated>1970-01-01T00:00:05.000Z</updated>"),
            "{empty}"
        );
    }
}
