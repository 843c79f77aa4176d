//! Passages and the comments on them as Web Annotations (W3C Web Annotation Data Model, in its JSON-LD).

use serde::Serialize;

use crate::domain::id::Id;
use crate::domain::time::Time;
use crate::domain::visibility::Quotation;
use crate::store::comments::Comment;
use crate::store::passages::Passage;

/// The media type, with the profile that the vocabulary's context is (Web Annotation Protocol §3.2.1).
pub const MEDIA_TYPE: &str = "application/ld+json; profile=\"http://www.w3.org/ns/anno.jsonld\"";

const CONTEXT: &str = "http://www.w3.org/ns/anno.jsonld";

/// All that is said about the passages of a page (§5.1).
#[derive(Debug, Serialize)]
pub struct Collection {
    #[serde(rename = "@context")]
    context: &'static str,
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    total: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first: Option<Page>,
}

impl Collection {
    /// The collection at this address.
    pub fn new(id: &str, label: Option<String>, total: i64, first: Option<Page>) -> Self {
        let first = first.map(|page| Page {
            context: None,
            ..page
        });
        Self {
            context: CONTEXT,
            id: id.to_owned(),
            kind: "AnnotationCollection",
            label,
            total,
            first,
        }
    }
}

/// Some of them (§5.2).
#[derive(Debug, Serialize)]
pub struct Page {
    #[serde(rename = "@context", skip_serializing_if = "Option::is_none")]
    context: Option<&'static str>,
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "partOf")]
    part_of: PartOf,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    items: Vec<Annotation>,
}

#[derive(Debug, Serialize)]
struct PartOf {
    id: String,
    total: i64,
}

impl Page {
    /// The page of that name in a collection of so many.
    pub fn new(
        collection: &str,
        total: i64,
        name: &str,
        items: Vec<Annotation>,
        next: Option<String>,
    ) -> Self {
        let address = |name: &str| format!("{collection}?page={name}");
        Self {
            context: Some(CONTEXT),
            id: address(name),
            kind: "AnnotationPage",
            part_of: PartOf {
                id: collection.to_owned(),
                total,
            },
            next: next.as_deref().map(address),
            items,
        }
    }
}

/// What somebody says about words of a page (§3).
#[derive(Debug, Serialize)]
pub struct Annotation {
    /// The same wherever the service runs.
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    motivation: &'static str,
    created: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<Time>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creator: Option<Creator>,
    body: Body,
    target: Target,
}

#[derive(Debug, Serialize)]
struct Creator {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<String>,
}

#[derive(Debug, Serialize)]
struct Body {
    #[serde(rename = "type")]
    kind: &'static str,
    value: String,
    format: &'static str,
}

impl Body {
    fn new(value: &str, format: &'static str) -> Self {
        Self {
            kind: "TextualBody",
            value: value.to_owned(),
            format,
        }
    }
}

/// The words, in their page (§4).
#[derive(Debug, Serialize)]
struct Target {
    #[serde(rename = "type")]
    kind: &'static str,
    source: String,
    /// Where in the page; nothing of it while the words are not shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    selector: Vec<Selector>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type")]
enum Selector {
    #[serde(rename = "TextQuoteSelector")]
    Quote {
        exact: String,
        prefix: String,
        suffix: String,
    },
    #[serde(rename = "TextPositionSelector")]
    Position { start: i64, end: i64 },
}

impl Target {
    fn new(passage: &Passage, quotation: Quotation, page: &str) -> Self {
        if quotation != Quotation::Found {
            return Self {
                kind: "SpecificResource",
                source: page.to_owned(),
                selector: Vec::new(),
            };
        }
        let quote = Selector::Quote {
            exact: passage.exact.clone(),
            prefix: passage.prefix.clone(),
            suffix: passage.suffix.clone(),
        };
        // At most 2,000 of them.
        let length = passage.exact.chars().count() as i64;
        let position = passage.position.map(|start| Selector::Position {
            start,
            end: start + length,
        });
        Self {
            kind: "SpecificResource",
            source: page.to_owned(),
            selector: std::iter::once(quote).chain(position).collect(),
        }
    }
}

impl Annotation {
    /// What the author of a page asks about a passage of it; `None` if that is nothing.
    pub fn of_question(passage: &Passage, quotation: Quotation, page: &str) -> Option<Self> {
        let question = passage.question.as_deref().filter(|_| passage.planted)?;
        Some(Self {
            id: urn(passage.id),
            kind: "Annotation",
            motivation: "questioning",
            created: passage.created_at,
            modified: Some(passage.updated_at).filter(|at| *at > passage.created_at),
            creator: None,
            body: Body::new(question, "text/plain"),
            target: Target::new(passage, quotation, page),
        })
    }

    /// A published comment on a passage of a page.
    pub fn of_comment(
        comment: &Comment,
        passage: &Passage,
        quotation: Quotation,
        page: &str,
    ) -> Self {
        let creator = Creator {
            kind: "Person",
            name: comment.author_name.clone(),
            homepage: comment.author_website.clone(),
        };
        Self {
            id: urn(comment.id),
            kind: "Annotation",
            motivation: "commenting",
            created: comment.created_at,
            modified: comment.edited_at,
            creator: Some(creator),
            body: Body::new(&comment.body_html, "text/html"),
            target: Target::new(passage, quotation, page),
        }
    }
}

fn urn<K>(id: Id<K>) -> String {
    format!("urn:uuid:{id}")
}
