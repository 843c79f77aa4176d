//! Bodies chosen to hurt a Markdown parser: each is cut to the hard limit.

/// `unit` again and again, up to `len` bytes and never past them.
fn repeat(unit: &str, len: usize) -> String {
    unit.repeat(len / unit.len())
}

/// `head`, then `unit` again and again up to `len` bytes in all.
fn after(head: &str, unit: &str, len: usize) -> String {
    format!("{head}{}", repeat(unit, len - head.len()))
}

/// The first half from one unit, the second from another.
fn halves(first: &str, second: &str, len: usize) -> String {
    format!("{}{}", repeat(first, len / 2), repeat(second, len / 2))
}

/// What `piece` gives for 0, 1, 2, … joined up to `len` bytes.
fn series(len: usize, piece: impl Fn(usize) -> String) -> String {
    let mut all = String::with_capacity(len);
    for n in 0.. {
        let next = piece(n);
        if all.len() + next.len() > len {
            break;
        }
        all.push_str(&next);
    }
    all
}

/// Lists within lists, sixteen more levels a line, each as deep as the last line left off.
fn steps(marker: &str, width: usize, len: usize) -> String {
    series(len, |n| {
        format!("{}{}a\n", " ".repeat(n * 16 * width), marker.repeat(16))
    })
}

/// Name and text of every hostile body.
pub fn hostile(len: usize) -> Vec<(&'static str, String)> {
    let mut all: Vec<(&'static str, String)> = [
        ("quotes", "> "),
        ("quotes tight", ">"),
        ("brackets", "["),
        ("images", "!["),
        ("close brackets", "]"),
        ("emphasis open", "*a "),
        ("emphasis open _", "_a "),
        ("emphasis open **", "**a "),
        ("emphasis close", "a* "),
        ("emphasis mixed", "*a_ "),
        ("emphasis alternating", "*a _b "),
        ("stars", "*"),
        ("underscores", "_"),
        ("a stars", "a***"),
        ("a**b", "a**b"),
        ("x*** x**", "*a** b "),
        ("strike open", "~~a "),
        ("strike", "~"),
        ("strike 1 2", "~a~~ "),
        ("lists", "- "),
        ("lists ordered", "1. "),
        ("lists mixed", "- 1. "),
        ("lists +*", "+ * "),
        ("list quote", "- > "),
        ("quote list", "> - "),
        ("backticks", "`"),
        ("backslashes", "\\"),
        ("backslash bracket", "\\["),
        ("comments", "<!--"),
        ("comment dash", "<!---"),
        ("pi", "<?"),
        ("declarations", "<!A"),
        ("cdata", "<![CDATA["),
        ("angle", "<"),
        ("tags", "<a "),
        ("tags attr", "<a b=\""),
        ("tags open", "<a>"),
        ("close tag", "</a "),
        ("tag attrs", "<a b c "),
        ("autolink angle", "<http:"),
        ("mail angle", "<a@a"),
        ("entities", "&#"),
        ("entities x", "&#x"),
        ("entities named", "&amp"),
        ("entities long", "&abcdefghijklmnopqrstuvwxyz"),
        ("amp", "&"),
        ("amp;", "&amp;"),
        ("www", "www."),
        ("www a", "www.a"),
        ("www a.b spaces", "www.a.b "),
        ("http", "http://"),
        ("http a", "http://a"),
        ("http spaces", "http://a.b "),
        ("https a)", "https://a.b)"),
        ("at", "a@"),
        ("at dots", "a@a.b "),
        ("at dot", "a@a."),
        ("dots", "a."),
        ("mailto", "mailto:"),
        ("colon", ":"),
        ("slashes", "://"),
        ("w", "w"),
        ("paren", "("),
        ("a_", "a_"),
        ("a-", "a-"),
        ("a+", "a+"),
        ("links", "[a](b)"),
        ("links nested open", "[a]("),
        ("link open <", "[a](<b"),
        ("links title", "[a](b \""),
        ("links title (", "[a](b ("),
        ("links close", "a]("),
        ("link ref", "[a]["),
        ("link ref full", "[a][b]"),
        ("ref [a]", "[a] "),
        ("empty link", "[]("),
        ("nested emphasis links", "*[a](b "),
        ("link star", "[*a]("),
        ("images nested", "![a](b"),
        ("headings", "# a\n"),
        ("headings empty", "#\n"),
        ("hashes", "#"),
        ("setext", "a\n=\n"),
        ("setext -", "a\n-\n"),
        ("equals", "=\n"),
        ("dashes", "-\n"),
        ("rules", "---\n"),
        ("rules stars", "* * "),
        ("dash", "-"),
        ("newlines", "\n"),
        ("cr", "\r"),
        ("crlf", "\r\n"),
        ("spaces", " "),
        ("tabs", "\t"),
        ("tab newline", "\t\n"),
        ("space newline", " \n"),
        ("hard breaks", "a  \n"),
        ("hard breaks \\", "a\\\n"),
        ("nul", "\0"),
        ("letters", "a"),
        ("lines", "a\n"),
        ("paragraphs", "a\n\n"),
        ("umlauts", "ä"),
        ("emoji", "😀"),
        ("fences", "```\n"),
        ("fences tilde", "~~~a\n"),
        ("fence info", "``` a"),
        ("code indent", "    a\n"),
        ("code indent gap", "    a\n\n"),
        ("list loose", "- a\n\n"),
        ("list lines", "- a\n"),
        ("list empty", "-\n"),
        ("list alternating", "- a\n* b\n"),
        ("quote lines", "> a\n"),
        ("quote gap", ">\n\n"),
        ("lazy", "> a\nb\n"),
        ("tasks", "- [ ] a\n"),
        ("task open", "- [ "),
        ("definitions", "[a]: b\n"),
        ("definitions open", "[a]: "),
        ("definition title", "[a]: b '"),
        ("definitions <", "[a]: <b"),
        ("footnotes", "[^a]"),
        ("footnote definitions", "[^a]: b\n"),
        ("pipes", "|"),
        ("pipes lines", "|\n"),
        ("pipe dash", "|-"),
        ("table head", "a|b\n-|-\n"),
        ("tables", "a|b\n-|-\nc|d\n\n"),
        ("delimiter rows", "-|-\n"),
        ("delimiter colons", ":-:|"),
        ("pipe escapes", "\\|"),
        ("pipe code", "`|"),
        ("html block", "<div>\n"),
        ("html block gap", "<div>\n\n"),
        ("html block script", "<script>\n"),
        ("html comment lines", "<!--\n"),
        ("attr lines", "<a\n"),
        ("dollar", "$"),
        ("quotes \"", "\""),
        ("apostrophes", "'"),
        ("bang", "!"),
        ("caret", "^a "),
        ("braces", "{"),
        ("plus", "+"),
        ("digits", "1"),
        ("digits)", "1) "),
        ("zwj", "\u{200d}"),
        ("bidi", "\u{202e}"),
        ("combining", "a\u{301}"),
        ("kelvin", "[\u{212a}]"),
        ("ss", "[ẞ] "),
    ]
    .into_iter()
    .map(|(name, unit)| (name, repeat(unit, len)))
    .collect();
    all.extend([
        ("brackets closed", halves("[", "]", len)),
        ("images closed", halves("![", "](a)", len)),
        ("links nested closed", halves("[", "](a)", len)),
        (
            "parens nested",
            format!(
                "[a]({}{})",
                repeat("(", len / 2 - 3),
                repeat(")", len / 2 - 3)
            ),
        ),
        ("emphasis nested", halves("*a ", " a*", len)),
        ("strong nested", halves("**a ", " a**", len)),
        ("emphasis nested _*", halves("*_", "_*", len)),
        ("strike nested", halves("~~a ", " a~~", len)),
        ("emphasis half open", halves("*a ", "a_ ", len)),
        ("stars then text", halves("*", "a", len)),
        ("quotes then blank", after(&"> ".repeat(len / 4), "\n", len)),
        (
            "quotes then lazy",
            after(&format!("{}a\n", "> ".repeat(len / 4)), "b\n", len),
        ),
        (
            "quotes 100 then lazy",
            after(&format!("{}a\n", "> ".repeat(100)), "b\n", len),
        ),
        (
            "quote lines deep",
            repeat(&format!("{}a\n", "> ".repeat(200)), len),
        ),
        (
            "quote lines deep gap",
            repeat(&format!("{}a\n\n", ">".repeat(200)), len),
        ),
        (
            "quotes growing",
            series(len, |n| format!("{}a\n", ">".repeat(n))),
        ),
        (
            "quotes falling",
            series(len, |n| {
                format!("{}a\n", ">".repeat(300usize.saturating_sub(n)))
            }),
        ),
        (
            "list then blank",
            after(&format!("{}a\n", "- ".repeat(len / 4)), "\n", len),
        ),
        (
            "list then empty quote",
            after(&format!("{}a\n", "- ".repeat(len / 4)), ">\n", len),
        ),
        (
            "list 99 then blank",
            after(&format!("{}a\n", "- ".repeat(99)), "\n", len),
        ),
        (
            "list ordered then blank",
            after(&format!("{}a\n", "1. ".repeat(len / 6)), "\n", len),
        ),
        (
            "list quote then blank",
            after(&format!("{}a\n", "- > ".repeat(len / 8)), "\n", len),
        ),
        (
            "quote list then blank quotes",
            after(&format!("{}a\n", "> - ".repeat(len / 8)), ">\n", len),
        ),
        (
            "list then lazy",
            after(&format!("{}a\n", "- ".repeat(len / 4)), "b\n", len),
        ),
        (
            "list then tabs",
            after(&format!("{}a\n", "- ".repeat(len / 4)), "\t\n", len),
        ),
        (
            "list lines deep",
            repeat(&format!("{}a\n", "- ".repeat(200)), len),
        ),
        (
            "list lines deep blank",
            repeat(&format!("{}a\n\n", "* ".repeat(90)), len),
        ),
        (
            "list growing",
            series(len, |n| format!("{}- a\n", "  ".repeat(n))),
        ),
        (
            "list growing blank",
            format!(
                "{}{}",
                series(len / 2, |n| format!("{}- a\n", "  ".repeat(n))),
                "\n".repeat(len / 2)
            ),
        ),
        (
            "list growing text",
            format!(
                "{}{}",
                series(len / 2, |n| format!("{}- a\n", "  ".repeat(n))),
                repeat("- a\n", len / 2)
            ),
        ),
        (
            "list growing 1 blank",
            series(len, |n| format!("{}- a\n\n", "  ".repeat(n))),
        ),
        ("list numbers", series(len, |n| format!("{n}. a\n"))),
        ("list long then indented blank", after("- a\n", "  \n", len)),
        (
            "backtick runs growing",
            series(len, |n| format!("{} ", "`".repeat(n + 1))),
        ),
        (
            "backtick runs growing text",
            series(len, |n| format!("a{}", "`".repeat(n + 1))),
        ),
        (
            "backtick runs falling",
            series(len, |n| {
                format!("{} ", "`".repeat(360usize.saturating_sub(n).max(1)))
            }),
        ),
        (
            "tilde runs growing",
            series(len, |n| format!("{}a ", "~".repeat(n + 1))),
        ),
        (
            "star runs growing",
            series(len, |n| format!("a{} ", "*".repeat(n + 1))),
        ),
        (
            "star runs growing both",
            series(len, |n| {
                format!("a{}b{}", "*".repeat(n + 1), "_".repeat(n + 1))
            }),
        ),
        (
            "fences growing",
            series(len, |n| format!("{}\n", "`".repeat(n + 3))),
        ),
        (
            "fence deep",
            after(&format!("{}```\n", "> ".repeat(100)), "a\n", len),
        ),
        ("code in quotes", repeat(">     a\n", len)),
        ("links many", series(len, |n| format!("[a{n}](b)"))),
        ("links 10000", series(len, |_| "[a](b)".to_owned())),
        ("definitions many", series(len, |n| format!("[{n}]: a\n"))),
        (
            "definitions used",
            format!(
                "{}{}",
                series(len / 2, |n| format!("[{n}]: a\n")),
                series(len / 2, |n| format!("[{n}] "))
            ),
        ),
        (
            "definitions used one",
            format!(
                "[a]: /{}\n\n{}",
                repeat("u", len / 4),
                repeat("[a] ", len / 2)
            ),
        ),
        (
            "definitions used sqrt",
            format!("[a]: /{}\n\n{}", repeat("u", 250), repeat("[a]", len - 300)),
        ),
        (
            "definition title used",
            format!(
                "[a]: / '{}'\n\n{}",
                repeat("u", len / 4),
                repeat("[a] ", len / 2)
            ),
        ),
        (
            "definition label long",
            format!(
                "[{}]: /u\n\n{}",
                repeat("a", 990),
                repeat(&format!("[{}]", "a".repeat(990)), len.saturating_sub(1100))
            ),
        ),
        ("definition lines title", after("[a]: b '", "a\n", len)),
        ("label unicode", series(len, |n| format!("[ẞ{n}]"))),
        (
            "table wide",
            format!("{}\n{}\n", repeat("a|", len / 3), repeat("-|", len / 3)),
        ),
        (
            "table wide rows",
            format!(
                "{}\n{}\n{}",
                repeat("|", len / 4),
                repeat("-|", len / 4),
                repeat("a\n", len / 3)
            ),
        ),
        (
            "table missing cells",
            format!(
                "{}|\n{}|\n{}",
                "|a".repeat(200),
                "|-".repeat(200),
                repeat("|\n", len.saturating_sub(1000))
            ),
        ),
        (
            "table missing cells 4000",
            format!(
                "{}|\n{}|\n{}",
                "|a".repeat(4000),
                "|-".repeat(4000),
                repeat("b\n", len.saturating_sub(20000))
            ),
        ),
        ("table rows", after("|a|b|\n|-|-|\n", "|c|d|\n", len)),
        ("table cells", after("|a|b|\n|-|-|\n", "|", len)),
        ("table rows code", after("|a|b|\n|-|-|\n", "|`c|d`|\n", len)),
        ("table rows stars", after("|a|b|\n|-|-|\n", "|*c|d|\n", len)),
        (
            "table deep",
            series(len, |n| {
                format!("{}a|b\n{}-|-\n", ">".repeat(n), ">".repeat(n))
            }),
        ),
        (
            "table paragraph long",
            format!("{}a|b\n-|-\n", repeat("a\n", len - 20)),
        ),
        ("table candidates", repeat("a|b\n-|\n", len)),
        (
            "table head long",
            format!("{}\n|-|\n", repeat("a ", len - 10)),
        ),
        ("setext long", format!("{}\n===\n", repeat("a\n", len - 10))),
        ("url long", after("http://a.b/", "a", len)),
        ("url parens", after("http://a.b/", "(", len)),
        ("url parens close", after("http://a.b/", ")", len)),
        (
            "url parens both",
            format!(
                "http://a.b/{}{}",
                repeat("(", len / 3),
                repeat(")", len / 3)
            ),
        ),
        ("url entity", after("http://a.b/", "&a;", len)),
        ("url semicolons", after("http://a.b/", ";", len)),
        ("url punctuation", after("http://a.b/", "?!.,", len)),
        ("url underscores", after("http://", "a_.", len)),
        ("url domain dots", after("http://", "a.", len)),
        ("url then stars", after("http://a.b/", "*a ", len)),
        ("url stars", repeat("http://a.b/* ", len)),
        ("mail long", after("", "a", len - 5) + "@a.b"),
        ("mail local dots", after("", "a.", len - 5) + "@a.b"),
        ("mail domain long", after("a@", "a.", len)),
        ("mail domain dashes", after("a@", "a-", len)),
        ("mail many ats", after("a@", "b@", len)),
        ("mail plus", repeat("+a@b.c", len)),
        ("mail unders", repeat("a_@b_", len)),
        ("scheme long", after("<", "a", len)),
        ("colons words", repeat("ahttp:", len)),
        ("xmpp", repeat("xmpp:a@b.c/", len)),
        ("protocol mail", repeat("mailto:a@b.c ", len)),
        ("brackets in links", repeat("[[a](b)](", len)),
        ("bracket www", repeat("[www.a.b", len)),
        (
            "link with www",
            format!("[{}](a)", repeat("www.a.b ", len - 10)),
        ),
        ("emphasis many kinds", repeat("*_~~`[<!", len)),
        (
            "openers then closers",
            format!(
                "{}{}{}",
                repeat("*a ", len / 3),
                repeat("_b ", len / 3),
                repeat("c* ", len / 3)
            ),
        ),
        ("openers ** then *", halves("**a ", "b* ", len)),
        ("openers * then **", halves("*a ", "b** ", len)),
        ("openers *** then *", halves("***a ", "b* ", len)),
        ("rule of three", repeat("a*b**c***", len)),
        ("tilde then close", halves("~~a ", "b~ ", len)),
        ("html attr quotes", after("<a b='", "x", len)),
        ("html tag names", after("<", "a-", len)),
        ("cdata close", repeat("<![CDATA[]]", len)),
        ("comment endings", after("<!-- a ", "--", len)),
        ("pi endings", after("<? a ", "?", len)),
        ("comments in text", repeat("a <!-- b ", len)),
        ("pi in text", repeat("a <? b ", len)),
        ("declarations in text", repeat("a <!A b ", len)),
        ("cdata in text", repeat("a <![CDATA[ b ", len)),
        ("entities digits", after("&#", "1", len)),
        ("nul quotes", repeat(">\0", len)),
        (
            "indent growing",
            series(len, |n| format!("{}a\n", " ".repeat(n))),
        ),
        ("spaces then text", after("", " ", len - 1) + "a"),
        ("text spaces text", format!("a{}a", repeat(" ", len - 2))),
        (
            "trailing spaces lines",
            repeat(&format!("a{}\n", " ".repeat(250)), len),
        ),
        (
            "one space growing",
            series(len, |n| format!("a{}", " ".repeat(n))),
        ),
        ("definition space", after("[a]:", " ", len)),
        ("definition newlines", repeat("[a]:\n", len)),
        ("heading closing", repeat("# a #", len)),
        ("heading hashes spaces", after("# a ", "# ", len)),
        ("task nested", repeat("- [x] ", len)),
        (
            "list growing then lazy",
            format!(
                "{}{}",
                series(len / 2, |n| format!("{}- a\n", "  ".repeat(n))),
                repeat("b\n", len / 2)
            ),
        ),
        (
            "list growing 16 then lazy",
            format!("{}{}", steps("- ", 2, len / 2), repeat("b\n", len / 2)),
        ),
        (
            "list growing 16 then blank",
            format!("{}{}", steps("- ", 2, len / 2), repeat("\n", len / 2)),
        ),
        (
            "list growing 16 then items",
            format!("{}{}", steps("- ", 2, len / 2), repeat("-\n", len / 2)),
        ),
        (
            "list growing 16 then tabs",
            format!("{}{}", steps("- ", 2, len / 2), repeat("\t\n", len / 2)),
        ),
        (
            "list growing 16 ordered then lazy",
            format!("{}{}", steps("1. ", 3, len / 2), repeat("b\n", len / 2)),
        ),
        (
            "host underscores nested",
            format!("{}{}", repeat("_www.-", len * 3 / 4), repeat("a_", len / 4)),
        ),
        (
            "url emphasis nested",
            format!(
                "{}{}",
                repeat("_http://a.b/-", len * 3 / 4),
                repeat(" x_", len / 4)
            ),
        ),
        ("url emphasis open", repeat("_http://a.b/-", len)),
        ("url hosts underscores", repeat("_www.x_", len)),
        ("url in parens", repeat("(http://a_b", len)),
        (
            "url 2048",
            repeat(&format!("http://a.b/{} ", "a".repeat(2030)), len),
        ),
        (
            "url 2049 restarts",
            repeat(&format!("(http://a.b/{}", "(".repeat(30)), len),
        ),
        (
            "url semicolon entities",
            repeat(&format!("http://a.b/{} ", "&a;".repeat(600)), len),
        ),
        ("mail at dots", repeat("a.a.a.a@", len)),
        (
            "mail plus long",
            repeat(&format!("{}@", "+".repeat(64)), len),
        ),
        ("entity in url", repeat("http://a.b/&amp;", len)),
        ("entities decoded bidi", repeat("&#x202e;", len)),
        ("headings long", repeat("# a *b* `c`\n", len)),
        ("title endless \"", after("[a](b \"", "a\n", len)),
        ("title endless '", after("[a](b '", "|\n", len)),
        ("title endless (", after("[a](b (", "<a\n", len)),
        ("title endless, hard breaks", after("[a](b (", "a\\\n", len)),
        (
            "title endless, others before",
            halves("*[a](b \"<?", "|\n", len),
        ),
        ("title endless no space", after("[a](<b>\"", "a\n", len)),
        ("title endless own lines", after("[a](\nb\n\"", "a\n", len)),
        ("title endless quoted", after("> [a](b\n> \"", "a\n", len)),
        ("title endless image", after("![a](b \"", "a\n", len)),
        (
            "title of 8 lines",
            repeat(&format!("[a](b \"{}", "a\n".repeat(9)), len),
        ),
        (
            "title of 7 long lines",
            repeat(
                &format!("[a](b \"{}", format!("{}\n", "*_".repeat(400)).repeat(7)),
                len,
            ),
        ),
        (
            "title three kinds",
            repeat(&format!("[a](b \"[a](b '[a](b ({}", "a\n".repeat(8)), len),
        ),
        (
            "title after links",
            format!(
                "{}[a](b \"{}",
                repeat("[a](b)", len / 2),
                repeat("a\n", len / 2 - 8)
            ),
        ),
        (
            "links all kinds",
            repeat(
                "[a](http://b 'c') <http://d> http://e.f ![g](http://h)\n",
                len,
            ),
        ),
    ]);
    all
}
