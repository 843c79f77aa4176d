//! The data as comments.

/// A labelled comment.
pub struct Row {
    pub author: String,
    pub date: String,
    pub page: String,
    pub text: String,
    pub links: Vec<String>,
    pub is_spam: bool,
}

/// Every comment of the file, in order of time.
pub fn read(file: &std::path::Path) -> Vec<Row> {
    let text =
        std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut rows: Vec<Row> = records(&text)
        .into_iter()
        .skip(1)
        .filter_map(|record| {
            let [author, date, page, text, spam] = <[String; 5]>::try_from(record).ok()?;
            let (text, links) = plain(&text);
            Some(Row {
                author,
                date,
                page,
                text,
                links,
                is_spam: spam == "1",
            })
        })
        .collect();
    rows.sort_by(|a, b| a.date.cmp(&b.date));
    rows
}

/// CSV with quotes (RFC 4180).
fn records(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field, mut quoted) =
        (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                field.push('"');
                chars.next();
            }
            '"' => quoted = !quoted,
            c if quoted => field.push(c),
            ',' => record.push(std::mem::take(&mut field)),
            '\n' => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            '\r' => {}
            c => field.push(c),
        }
    }
    records
}

/// What a reader of that page saw: the data has HTML in it, as the site gave it out.
fn plain(html: &str) -> (String, Vec<String>) {
    let (mut text, mut links) = (String::new(), Vec::new());
    let mut rest = html;
    while let Some(at) = rest.find("<a href=\"") {
        let (before, tail) = rest.split_at(at);
        text.push_str(before);
        let Some((href, tail)) = tail["<a href=\"".len()..].split_once('"') else {
            break;
        };
        links.push(entities(href));
        rest = tail.split_once('>').map_or("", |(_, tail)| tail);
    }
    text.push_str(rest);
    (
        entities(&text.replace("</a>", "").replace("<br />", "\n")),
        links,
    )
}

fn entities(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    pairs.iter().fold(text.to_owned(), |text, (entity, plain)| {
        text.replace(entity, plain)
    })
}
