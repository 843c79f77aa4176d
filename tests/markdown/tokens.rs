//! A strict reader of the HTML that a comment may have, sharing nothing with its writer: whatever is not of the list here,
//! not balanced or not escaped is an error.

/// Elements and their attributes: all that a comment may have.
const ALLOWED: &[(&str, &[&str])] = &[
    ("a", &["href", "title", "rel"]),
    ("blockquote", &[]),
    ("br", &[]),
    ("code", &["class"]),
    ("del", &[]),
    ("em", &[]),
    ("hr", &[]),
    ("li", &[]),
    ("ol", &["start"]),
    ("p", &[]),
    ("pre", &[]),
    ("strong", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["align"]),
    ("th", &["align"]),
    ("thead", &[]),
    ("tr", &[]),
    ("ul", &[]),
];
const VOID: &[&str] = &["br", "hr"];
/// 16 lists of an item each, a table or a paragraph in them, and 16 emphases, a link and code in that.
const DEEPEST: usize = 16 * 2 + 4 + 16 + 3;

/// Reads the HTML to its end and returns its text.
pub fn check(html: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let Some(start) = rest.find('<') else {
            decode(rest, &mut text)?;
            break;
        };
        decode(&rest[..start], &mut text)?;
        let end = rest.find('>').ok_or("a tag without end")?;
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let expected = open
                .pop()
                .ok_or_else(|| format!("</{name}> closes nothing"))?;
            if name != expected {
                return Err(format!("</{name}> closes <{expected}>"));
            }
            continue;
        }
        let (tag, is_void) = match tag.strip_suffix(" /") {
            Some(tag) => (tag, true),
            None => (tag, false),
        };
        let name = tag.split(' ').next().unwrap_or_default();
        let (name, attributes) = ALLOWED
            .iter()
            .find(|(allowed, _)| *allowed == name)
            .ok_or_else(|| format!("<{tag}> is not allowed"))?;
        if is_void != VOID.contains(name) {
            return Err(format!("<{tag}> is void or not, wrongly"));
        }
        check_attributes(name, attributes, &tag[name.len()..])?;
        check_place(name, &open)?;
        if !is_void {
            open.push(name);
        }
        if open.len() > DEEPEST {
            return Err(format!("{} elements deep", open.len()));
        }
    }
    match open.last() {
        Some(name) => Err(format!("<{name}> is not closed")),
        None => Ok(text),
    }
}

fn check_attributes(name: &str, allowed: &[&str], mut rest: &str) -> Result<(), String> {
    let mut seen = Vec::new();
    while !rest.is_empty() {
        let (attribute, after) = rest
            .strip_prefix(' ')
            .and_then(|r| r.split_once("=\""))
            .ok_or_else(|| format!("<{name}{rest}>"))?;
        let (value, after) = after
            .split_once('"')
            .ok_or_else(|| format!("{attribute} without end"))?;
        if !allowed.contains(&attribute) || seen.contains(&attribute) {
            return Err(format!("{attribute} on <{name}>"));
        }
        let mut plain = String::new();
        decode(value, &mut plain)?;
        let valid = match attribute {
            "href" => is_link(&plain),
            "rel" => plain == "nofollow ugc noopener noreferrer",
            "class" => plain.strip_prefix("language-").is_some_and(|language| {
                (1..=32).contains(&language.len())
                    && language
                        .bytes()
                        .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'+' | b'#' | b'-'))
            }),
            "start" => plain.len() <= 9 && plain.bytes().all(|b| b.is_ascii_digit()),
            "align" => ["left", "center", "right"].contains(&plain.as_str()),
            "title" => true,
            _ => false,
        };
        if !valid {
            return Err(format!("{attribute}=\"{value}\" on <{name}>"));
        }
        seen.push(attribute);
        rest = after;
    }
    if name == "a" && !(seen.contains(&"href") && seen.contains(&"rel")) {
        return Err(format!("a link with {seen:?} only"));
    }
    Ok(())
}

/// Where an element may stand, for those that HTML's own parser would move or close early.
fn check_place(name: &str, open: &[&str]) -> Result<(), String> {
    let parent = open.last().copied().unwrap_or("");
    let is_block = ["blockquote", "hr", "ol", "p", "pre", "table", "ul"].contains(&name);
    let is_fine = match name {
        "li" => ["ol", "ul"].contains(&parent),
        "thead" | "tbody" => parent == "table",
        "tr" => ["thead", "tbody"].contains(&parent),
        "td" | "th" => parent == "tr",
        "a" => !open.contains(&"a"),
        _ if is_block => ["", "blockquote", "li"].contains(&parent),
        _ => !["ol", "ul", "table", "thead", "tbody", "tr"].contains(&parent),
    };
    if is_fine {
        Ok(())
    } else {
        Err(format!("<{name}> within <{parent}>"))
    }
}

fn is_link(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    ["http://", "https://", "mailto:"]
        .iter()
        .any(|scheme| lower.starts_with(scheme))
        && url
            .bytes()
            .all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}[]".contains(&b))
}

/// Undoes the escapes; a character that should have been one of them, or should not be there at all, is an error.
fn decode(html: &str, text: &mut String) -> Result<(), String> {
    const ENTITIES: &[(&str, char)] = &[
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&quot;", '"'),
        ("&#x27;", '\''),
    ];
    let mut rest = html;
    while let Some(c) = rest.chars().next() {
        let (length, c) = match c {
            '&' => ENTITIES
                .iter()
                .find(|(entity, _)| rest.starts_with(entity))
                .map(|(entity, c)| (entity.len(), *c))
                .ok_or_else(|| format!("a bare & in {html:?}"))?,
            '<' | '>' | '"' => return Err(format!("a bare {c} in {html:?}")),
            '\n' | '\t' => (1, c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                return Err(format!("{c:?} in {html:?}"));
            }
            _ if c.is_control() => return Err(format!("{c:?} in {html:?}")),
            _ => (c.len_utf8(), c),
        };
        text.push(c);
        rest = &rest[length..];
    }
    Ok(())
}
