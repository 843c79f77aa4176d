//! The examples of the specifications, against what `writer::html` makes of them when every address may be linked.

use super::{EXTENSIONS, writer};
use pulldown_cmark::{Event, Parser};
use serde::Deserialize;

#[derive(Deserialize)]
struct Example {
    section: String,
    example: u32,
    markdown: String,
    html: String,
}

/// An example that does not come out as its specification says, and why.
struct Miss {
    example: u32,
    reason: &'static str,
}

const COMMONMARK: &str = include_str!("commonmark.json");
const GFM: &str = include_str!("gfm.json");

const AUTOLINK: &str = "GFM's extension \"autolinks\" makes a link of it, as GitHub does";
const STRONG: &str =
    "CommonMark 0.31 nests strong in strong, and its examples of the same text want that";

const DASHES: &str = "dashes below a line draw a line, and make no heading";

const COMMONMARK_MISSES: &[Miss] = &[
    Miss {
        example: 59,
        reason: DASHES,
    },
    Miss {
        example: 80,
        reason: DASHES,
    },
    Miss {
        example: 83,
        reason: DASHES,
    },
    Miss {
        example: 84,
        reason: DASHES,
    },
    Miss {
        example: 86,
        reason: DASHES,
    },
    Miss {
        example: 89,
        reason: DASHES,
    },
    Miss {
        example: 90,
        reason: DASHES,
    },
    Miss {
        example: 91,
        reason: DASHES,
    },
    Miss {
        example: 95,
        reason: DASHES,
    },
    Miss {
        example: 96,
        reason: DASHES,
    },
    Miss {
        example: 102,
        reason: DASHES,
    },
    Miss {
        example: 103,
        reason: DASHES,
    },
    Miss {
        example: 115,
        reason: DASHES,
    },
    Miss {
        example: 141,
        reason: DASHES,
    },
    Miss {
        example: 300,
        reason: DASHES,
    },
    Miss {
        example: 602,
        reason: AUTOLINK,
    },
    Miss {
        example: 608,
        reason: AUTOLINK,
    },
    Miss {
        example: 611,
        reason: AUTOLINK,
    },
    Miss {
        example: 612,
        reason: AUTOLINK,
    },
];

const GFM_MISSES: &[Miss] = &[
    Miss {
        example: 398,
        reason: STRONG,
    },
    Miss {
        example: 426,
        reason: STRONG,
    },
    Miss {
        example: 434,
        reason: STRONG,
    },
    Miss {
        example: 435,
        reason: STRONG,
    },
    Miss {
        example: 436,
        reason: STRONG,
    },
    Miss {
        example: 473,
        reason: STRONG,
    },
    Miss {
        example: 474,
        reason: STRONG,
    },
    Miss {
        example: 475,
        reason: STRONG,
    },
    Miss {
        example: 477,
        reason: STRONG,
    },
    Miss {
        example: 610,
        reason: AUTOLINK,
    },
    Miss {
        example: 616,
        reason: AUTOLINK,
    },
    Miss {
        example: 619,
        reason: AUTOLINK,
    },
    Miss {
        example: 628,
        reason: "ftp:// is not among the schemes that Postil links to",
    },
];

#[test]
fn commonmark_examples_come_out_as_specified() {
    compare(COMMONMARK, COMMONMARK_MISSES);
}

#[test]
fn gfm_examples_come_out_as_specified() {
    compare(GFM, GFM_MISSES);
}

/// Every example without raw HTML; a listed miss that has begun to pass is wrong as well.
fn compare(examples: &str, misses: &[Miss]) {
    let mut wrong = Vec::new();
    let (mut compared, mut missed) = (0, 0);
    for example in read(examples) {
        if !raw_html(&example.markdown).is_empty() {
            continue;
        }
        compared += 1;
        let got = writer::html(&example.markdown, super::LineBreaks::Join, |_| true);
        let want = as_postil(&example.html);
        let miss = misses.iter().find(|miss| miss.example == example.example);
        missed += usize::from(miss.is_some());
        match miss {
            Some(miss) if got == want => wrong.push(format!(
                "{}: passes, though listed: {}",
                miss.example, miss.reason
            )),
            None if got != want => wrong.push(format!(
                "{} ({})\n--- markdown\n{}--- want\n{want}--- got\n{got}",
                example.example, example.section, example.markdown
            )),
            _ => {}
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {compared}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert_eq!(
        missed,
        misses.len(),
        "a miss is listed that is no example without raw HTML"
    );
}

#[test]
fn raw_html_of_the_examples_is_shown_as_text() {
    let mut seen = 0;
    for example in read(COMMONMARK).into_iter().chain(read(GFM)) {
        let raw = raw_html(&example.markdown);
        let html = super::render(&example.markdown, super::LineBreaks::Join).into_string();
        let mut shown = html.as_str();
        for piece in &raw {
            let text = piece
                .trim_end()
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;");
            let at = shown.find(&text).unwrap_or_else(|| {
                panic!("{}: {text:?} is not shown in {html:?}", example.example)
            });
            shown = &shown[at + text.len()..];
        }
        seen += usize::from(!raw.is_empty());
    }
    assert!(seen > 50, "only {seen} examples have raw HTML");
}

fn read(examples: &str) -> Vec<Example> {
    serde_json::from_str(examples).expect("the examples are JSON")
}

/// The raw HTML in a text, piece by piece, as the parser finds it.
fn raw_html(markdown: &str) -> Vec<String> {
    Parser::new_ext(markdown, EXTENSIONS)
        .filter_map(|event| match event {
            Event::Html(html) | Event::InlineHtml(html) => Some(html.into_string()),
            _ => None,
        })
        .collect()
}

/// The specification's HTML with Postil's departures from it, each of them one step here: `rel` on links, images to links,
/// headings to bold paragraphs, a task's box to a character, no class of a language with other characters in its name.
fn as_postil(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    let mut in_link = false;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends") + 1;
        out.push_str(&rest[..start]);
        let tag = &rest[start..end];
        rest = &rest[end..];
        let attribute = |name: &str| {
            tag.split_once(&format!(" {name}=\""))
                .map(|(_, value)| value.split('"').next().unwrap_or(""))
        };
        let title = attribute("title")
            .map(|title| format!(" title=\"{title}\""))
            .unwrap_or_default();
        match tag {
            "</a>" => {
                in_link = false;
                out.push_str(tag);
            }
            _ if tag.starts_with("<a ") => {
                in_link = true;
                out.push_str(&tag[..tag.len() - 1]);
                out.push_str(REL);
            }
            _ if tag.starts_with("<img ") => {
                let src = attribute("src").expect("an image has an address");
                let alt = attribute("alt").expect("an image has a text");
                let text = if alt.is_empty() { src } else { alt };
                match in_link {
                    true => out.push_str(text),
                    false => out.push_str(&format!("<a href=\"{src}\"{title}{REL}{text}</a>")),
                }
            }
            "<h1>" | "<h2>" | "<h3>" | "<h4>" | "<h5>" | "<h6>" => out.push_str("<p><strong>"),
            "</h1>" | "</h2>" | "</h3>" | "</h4>" | "</h5>" | "</h6>" => {
                out.push_str("</strong></p>")
            }
            _ if tag.starts_with("<input ") => out.push(if tag.contains("checked") {
                '☑'
            } else {
                '☐'
            }),
            _ if attribute("class")
                .is_some_and(|class| !class["language-".len()..].bytes().all(is_plain)) =>
            {
                out.push_str("<code>")
            }
            _ => out.push_str(tag),
        }
    }
    out.push_str(rest);
    out
}

const REL: &str = " rel=\"nofollow ugc noopener noreferrer\">";

fn is_plain(b: u8) -> bool {
    b.is_ascii_lowercase() || b.is_ascii_digit() || b"+#-".contains(&b)
}
