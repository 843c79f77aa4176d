//! Comments as an Atom feed (RFC 4287), answers with what they answer (RFC 4685), in the site's language.

use serde::Serialize;
use uuid::Uuid;

use super::feed_words::FeedWords;
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
    /// The language of what people wrote: the site's.
    lang: String,
    /// The language of what is said in `title` and in those of the entries.
    words: &'static str,
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
    title: String,
    author: String,
    website: Option<String>,
    url: String,
    in_reply_to: Option<Answered>,
    body_html: String,
    published: Time,
    updated: Time,
}

/// The comment that an entry answers.
#[derive(Debug, Serialize)]
struct Answered {
    id: CommentId,
    url: String,
}

impl Feed {
    /// A thread's published comments, newest first. `locale` is its site's.
    pub fn of_thread(
        thread: &PublicThread,
        locale: &str,
        comments: &[Comment],
        self_url: &str,
    ) -> Self {
        let words = FeedWords::of(locale);
        Self {
            id: thread.id.to_string(),
            lang: locale.to_owned(),
            words: words.lang,
            title: words.feed(page_name(thread)),
            self_url: self_url.to_owned(),
            page_url: thread.url.clone(),
            // The log's clock also moves when a comment goes.
            updated: thread.last_at,
            entries: comments
                .iter()
                .map(|comment| Entry::new(comment, thread, words))
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
        let words = FeedWords::of(&site.locale);
        let entries: Vec<_> = comments
            .iter()
            .map(|(comment, thread)| Entry::new(comment, thread, words))
            .collect();
        let latest = entries.iter().map(|entry| entry.updated).max();
        Self {
            // A site's own id stays inside.
            id: Uuid::new_v5(&site.id.uuid(), b"feed").to_string(),
            lang: site.locale.clone(),
            words: words.lang,
            title: words.feed(&site.name),
            self_url: self_url.to_owned(),
            page_url: page_url.to_owned(),
            updated: latest.unwrap_or(site.created_at),
            entries,
        }
    }
}

impl Entry {
    fn new(comment: &Comment, thread: &PublicThread, words: &FeedWords) -> Self {
        let published = comment.published_at.unwrap_or(comment.created_at);
        // The page's own fragment, if its address has one, would hide ours.
        let page = thread.url.split('#').next().unwrap_or(&thread.url);
        let place = |id: CommentId| format!("{page}#postil-{id}");
        let author = comment.author_name.as_deref().unwrap_or(words.guest);
        Self {
            id: comment.id,
            title: words.entry(author, page_name(thread), comment.parent_id.is_some()),
            author: author.to_owned(),
            website: comment.author_website.clone(),
            url: place(comment.id),
            in_reply_to: comment.parent_id.map(|id| Answered { id, url: place(id) }),
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
        let atom = feed(&Feed::of_thread(&thread, "en", &comments, url)).unwrap();
        assert!(atom.starts_with("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:thr=\"http://purl.org/syndication/thread/1.0\" xml:lang=\"en\">"), "{atom}");
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
    fn an_answer_says_what_it_answers_in_the_sites_language() {
        let thread = thread().public().unwrap();
        let asked = CommentId::from_uuid(Uuid::from_u128(6));
        let reply = Comment {
            parent_id: Some(asked),
            ..comment(&thread, None)
        };
        let told = |locale| {
            feed(&Feed::of_thread(
                &thread,
                locale,
                std::slice::from_ref(&reply),
                "u",
            ))
            .unwrap()
        };
        let german = told("de-AT");
        for needed in [
            format!(
                r#"<thr:in-reply-to ref="urn:uuid:{asked}" type="text/html" href="https://example.org/a?b=1&amp;c=%22#postil-{asked}"/>"#
            ),
            r#" xml:lang="de-AT">"#.into(),
            r#"<title xml:lang="de">Kommentare zu „On margins“</title>"#.into(),
            r#"<title xml:lang="de">Antwort von Gast zu „On margins“</title>"#.into(),
        ] {
            assert!(german.contains(&needed), "{needed} in {german}");
        }
        let japanese = told("ja");
        assert!(japanese.contains(r#" xml:lang="ja">"#), "{japanese}");
        assert!(
            japanese.contains(r#"<title xml:lang="en">Comments on On margins</title>"#),
            "{japanese}"
        );
    }

    #[test]
    fn nothing_told_becomes_markup() {
        let mut thread = thread();
        thread.title = None;
        thread.page_title = Some(HOSTILE.into());
        let thread = thread.public().unwrap();
        let comments = [comment(&thread, Some(HOSTILE))];
        let url = "https://comments.example.org/?\"><x";
        let atom = feed(&Feed::of_thread(&thread, "en", &comments, url)).unwrap();
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
