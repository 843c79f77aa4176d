//! What a comment's HTML is, whatever was written. (`specification.rs` beside this file is a module of the library.)

use postil::domain::markdown::{LineBreaks, plain_lines, plain_text};
use proptest::prelude::*;

mod addresses;
#[path = "../../benches/markdown/corpus.rs"]
mod corpus;
mod tokens;

/// The parts of Markdown, of HTML and of attacks on both.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "a", "b c", "ä", "😀", " ", "  ", "    ", "\t", "\n", "\n\n", "  \n", "\r\n", "\r", "\0", "\u{1}", "\u{7f}", "\u{202e}", "\u{fffe}", "\\", "*", "**", "_", "__", "~", "~~", "`", "``", "```", "```x\n",
    "~~~ Rust#\n", "[", "]", "(", ")", "](", "![", "<", ">", "> ", "- ", "* ", "+ ", "1. ", "7) ", "- [ ] ", "- [x] ", "# ", "###### ", "\n===\n", "\n---\n", "|", "|a|b|\n|-|:-:|\n", "\n|-|\n", "-|-:", "\\|",
    "&", "&amp;", "&lt;", "&#", "&#x202e;", "&#0;", "&#10;", "&colon;", "&Tab;", "&NewLine;", "&quot;", "\"", "'", "=", ":", "/", "//", "http:", "http://", "https://a.b", "HTTPS://A.B/", "www.a.b", "a@b.c", "mailto:a@b.c", "ftp://a.b",
    "javascript:", "java\nscript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,<b>", "vbscript:", "[a](b)", "[a](http://b \"c\")", "[a](<javascript:b>)", "![a](http://b)", "[![a](http://b)](http://c)", "[a]: http://b \"c\"\n",
    "[a]: javascript:b\n", "[a]", "[a][a]", "<a href=\"javascript:b\">", "</a>", "<script>", "</script>", "<img src=x onerror=alert(1)>", "<svg/onload=a>", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<!A", "<div>\n", "</div>", "<b", "onclick=\"a\"",
    "style=\"a\"", "<http://a.b>", "<a@b.c>", "<javascript:a>", "^", "$", "{", "}", "[^a]", "[^a]: b\n", "[^a]:", "\u{1bc9f}", "\u{1da8b}", "&#x1bc9f;", "\u{301}", "&#x301;&#x301;&#x301;", "。", "（", "）", "「", "」", "好", "은", "“", "”", "（https://a.b）", "www.例え.jp", "https://a.b。", "@a@b.c", "[w](www.a.b)", "http://a.b/_c_", "http://a.b/*c d*", "http://a.b/`c d`", "http://a.b/[c](d)", "www.a.b/&amp;c", "www.a.b/&copy;", "http://a.b/\\_",
];

fn markdown() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..60).prop_map(|pieces| pieces.concat())
}

/// The HTML as most sites have it.
fn render(source: &str) -> postil::domain::markdown::SafeHtml {
    postil::domain::markdown::render(source, LineBreaks::Keep)
}

fn assert_safe(source: &str) -> String {
    let html = render(source).into_string();
    tokens::check(&html)
        .unwrap_or_else(|wrong| panic!("{wrong}\n--- source\n{source:?}\n--- html\n{html}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_the_allow_list_comes_out_of_markdown(source in markdown()) {
        assert_safe(&source);
    }

    #[test]
    fn nothing_but_the_allow_list_comes_out_of_any_text(source in any::<String>()) {
        assert_safe(&source);
    }

    #[test]
    fn the_marks_of_the_renderer_never_come_out(source in markdown()) {
        for mark in ['\u{1bc9f}', '\u{1da8b}'] {
            let without = source.replace(mark, "").replace("&#x1bc9f;", "");
            let html = assert_safe(&without);
            prop_assert!(!html.contains(mark), "{html}");
        }
    }

    #[test]
    fn joined_lines_are_kept_lines_without_their_breaks(source in markdown()) {
        let made = |breaks| postil::domain::markdown::render(&source, breaks).into_string().replace("<br />\n", "\n");
        prop_assert_eq!(made(LineBreaks::Keep), made(LineBreaks::Join));
    }

    #[test]
    fn plain_text_is_one_line_within_its_bound(source in markdown(), max in 0_usize..80) {
        let text = plain_text(&source, max);
        prop_assert!(text.chars().count() <= max);
        prop_assert!(!text.chars().any(char::is_control), "{text:?}");
        let whole = plain_text(&source, usize::MAX);
        prop_assert!(text == whole || max == 0 || (text.ends_with('…') && whole.starts_with(text.trim_end_matches('…'))));
    }
}

#[test]
fn nothing_but_the_allow_list_comes_out_of_the_worst_bodies() {
    for (name, body) in corpus::hostile(8 * 1024) {
        let html = render(&body).into_string();
        tokens::check(&html).unwrap_or_else(|wrong| panic!("{name}: {wrong}"));
        assert!(
            html.len() < 64 * body.len().max(1024),
            "{name}: {} bytes of {}",
            html.len(),
            body.len()
        );
        plain_text(&body, usize::MAX);
    }
}

#[test]
fn the_reader_of_these_tests_refuses_what_it_should() {
    for html in [
        "<b>a</b>",
        "<p>a",
        "a</p>",
        "<p><em>a</p></em>",
        "<p>a & b</p>",
        "<p>a > b</p>",
        "<script>",
        "<!-- a -->",
        "<P>a</P>",
        "<p/>",
        "<p onclick=\"a\">a</p>",
        "<p class=\"a\">a</p>",
        "<a href=\"javascript:a\" rel=\"nofollow ugc noopener noreferrer\">a</a>",
        "<a href=\"http://a\">a</a>",
        "<a href=http://a>a</a>",
        "<li>a</li>",
        "<p><p>a</p></p>",
        "<p>\u{202e}</p>",
        "<img src=\"http://a\" />",
        "<code class=\"language-A\">a</code>",
        "<a title=\"a\" rel=\"nofollow ugc noopener noreferrer\">a</a>",
        "<ul>\n<em>a</em></ul>",
    ] {
        assert!(tokens::check(html).is_err(), "{html} is not refused");
    }
}

/// Each row: a body, and its HTML.
fn assert_rendered(rows: &[(&str, &str)]) {
    for (source, html) in rows {
        let html = html.replace(" REL>", " rel=\"nofollow ugc noopener noreferrer\">");
        assert_eq!(render(source).as_str().trim_end(), html, "of {source:?}");
        assert_safe(source);
    }
}

#[test]
fn only_web_and_mail_addresses_become_links() {
    assert_rendered(&[
        ("[a](http://b.c)", "<p><a href=\"http://b.c\" REL>a</a></p>"),
        (
            "[a](HTTPS://b.c \"d \\\"e\\\"\")",
            "<p><a href=\"HTTPS://b.c\" title=\"d &quot;e&quot;\" REL>a</a></p>",
        ),
        ("<a@b.c>", "<p><a href=\"mailto:a@b.c\" REL>a@b.c</a></p>"),
        (
            "[a](mailto:a@b.c)",
            "<p><a href=\"mailto:a@b.c\" REL>a</a></p>",
        ),
        ("[a](/b) [c](#d) [e](?f)", "<p>a c e</p>"),
        ("[a](//b.c)", "<p>a</p>"),
        ("[a](http:b)", "<p>a</p>"),
        ("[*a*](javascript:alert(1))", "<p><em>a</em></p>"),
        ("[a](java&#115;cript:b)", "<p>a</p>"),
        ("[a](&#1;javascript:b)", "<p>a</p>"),
        ("[a](data:text/html;base64,b)", "<p>a</p>"),
        ("<javascript:a>", "<p>javascript:a</p>"),
        ("[a]\n\n[a]: vbscript:b", "<p>a</p>"),
        (
            "[a](<http://b.c/\"onclick=\"d>)",
            "<p><a href=\"http://b.c/%22onclick=%22d\" REL>a</a></p>",
        ),
    ]);
}

#[test]
fn no_link_stands_within_a_link() {
    // The parser lets this one through; the property above found it among millions of cases.
    assert_rendered(&[(
        "a <![CDATA[<http://a.b>\\[c](http://d)",
        "<p>a &lt;![CDATA<a href=\"http://d\" REL>http://a.b[c</a></p>",
    )]);
}

#[test]
fn an_image_becomes_a_link_to_it() {
    assert_rendered(&[
        (
            "![a *b*](http://c.d \"e\")",
            "<p><a href=\"http://c.d\" title=\"e\" REL>a b</a></p>",
        ),
        (
            "![](http://c.d)",
            "<p><a href=\"http://c.d\" REL>http://c.d</a></p>",
        ),
        (
            "[![a](http://b.c)](http://d.e)",
            "<p><a href=\"http://d.e\" REL>a</a></p>",
        ),
        (
            "[![](http://b.c)](http://d.e)",
            "<p><a href=\"http://d.e\" REL>http://b.c</a></p>",
        ),
        (
            "![[a](http://b.c) `d`](http://e.f)",
            "<p><a href=\"http://e.f\" REL>a d</a></p>",
        ),
        ("![a](data:image/png;base64,b)", "<p>a</p>"),
    ]);
}

#[test]
fn a_comment_leaves_the_outline_and_the_forms_of_its_page_alone() {
    assert_rendered(&[
        (
            "# a *b*\n\nc\n===",
            "<p><strong>a <em>b</em></strong></p>\n<p><strong>c</strong></p>",
        ),
        (
            "- [x] a\n- [ ] b",
            "<ul>\n<li>☑ a</li>\n<li>☐ b</li>\n</ul>",
        ),
        ("a\n---", "<p>a</p>\n<hr />"),
        (
            "a *b*\nc\n  -----  ",
            "<p>a <em>b</em><br />\nc</p>\n<hr />",
        ),
        ("Ann\n--", "<p>Ann<br />\n--</p>"),
        ("Ann\n-", "<p>Ann<br />\n-</p>"),
        (
            "> a\n> ---\n> b",
            "<blockquote>\n<p>a</p>\n<hr />\n<p>b</p>\n</blockquote>",
        ),
        ("#hashtag\n---", "<p>#hashtag</p>\n<hr />"),
        ("#tag\n-", "<p>#tag<br />\n-</p>"),
        ("####### a\n---", "<p>####### a</p>\n<hr />"),
        ("\u{a0}# a\n---", "<p>\u{a0}# a</p>\n<hr />"),
        (
            "> #tag\n> ---",
            "<blockquote>\n<p>#tag</p>\n<hr />\n</blockquote>",
        ),
        ("#\ta ---", "<p><strong>a ---</strong></p>"),
        ("# a -", "<p><strong>a -</strong></p>"),
        ("a--\n===", "<p><strong>a--</strong></p>"),
    ]);
}

#[test]
fn line_breaks_are_kept_or_joined() {
    let (keep, join) = (LineBreaks::Keep, LineBreaks::Join);
    for (source, kept, joined) in [
        ("a\nb", "<p>a<br />\nb</p>\n", "<p>a\nb</p>\n"),
        ("a  \nb", "<p>a<br />\nb</p>\n", "<p>a<br />\nb</p>\n"),
        (
            "a\r\nb\\\nc",
            "<p>a<br />\nb<br />\nc</p>\n",
            "<p>a\nb<br />\nc</p>\n",
        ),
        (
            "> a\nb",
            "<blockquote>\n<p>a<br />\nb</p>\n</blockquote>\n",
            "<blockquote>\n<p>a\nb</p>\n</blockquote>\n",
        ),
        (
            "- a\n  b",
            "<ul>\n<li>a<br />\nb</li>\n</ul>\n",
            "<ul>\n<li>a\nb</li>\n</ul>\n",
        ),
        (
            "*a\nb*",
            "<p><em>a<br />\nb</em></p>\n",
            "<p><em>a\nb</em></p>\n",
        ),
        (
            "```\na\nb\n```",
            "<pre><code>a\nb\n</code></pre>\n",
            "<pre><code>a\nb\n</code></pre>\n",
        ),
        (
            "<b>\na\n</b>",
            "<p>&lt;b&gt;\na\n&lt;/b&gt;</p>\n",
            "<p>&lt;b&gt;\na\n&lt;/b&gt;</p>\n",
        ),
        (
            "http://a.b/\nc",
            "<p><a href=\"http://a.b/\" rel=\"nofollow ugc noopener noreferrer\">http://a.b/</a><br />\nc</p>\n",
            "<p><a href=\"http://a.b/\" rel=\"nofollow ugc noopener noreferrer\">http://a.b/</a>\nc</p>\n",
        ),
    ] {
        let made = |breaks| postil::domain::markdown::render(source, breaks).into_string();
        assert_eq!(made(keep), kept, "of {source:?}");
        assert_eq!(made(join), joined, "of {source:?}");
    }
    assert_eq!(plain_lines("a\nb\n\nc", keep, 99), ["a", "b", "c"]);
    assert_eq!(plain_lines("a\nb\n\nc", join, 99), ["a b", "c"]);
}

#[test]
fn a_footnote_is_shown_as_it_is_written() {
    assert_rendered(&[
        ("a[^1]\n\n[^1]: Ibid.", "<p>a[^1]</p>\n<p>[^1]: Ibid.</p>"),
        ("a[^1]\n\n[^1]: b c", "<p>a[^1]</p>\n<p>[^1]: b c</p>"),
        (
            "a[^n o]\n\n> [^n o]: Ibid.",
            "<p>a[^n o]</p>\n<blockquote>\n<p>[^n o]: Ibid.</p>\n</blockquote>",
        ),
        ("    [^1]: b", "<pre><code>[^1]: b</code></pre>"),
        ("`[^1]: b`", "<p><code>[^1]: b</code></p>"),
        (
            "[^1]: http://a.b/c",
            "<p>[^1]: <a href=\"http://a.b/c\" REL>http://a.b/c</a></p>",
        ),
        (
            "[a]\n\n[a]: http://b.c",
            "<p><a href=\"http://b.c\" REL>a</a></p>",
        ),
    ]);
    assert_eq!(plain_text("a[^1]\n\n[^1]: Ibid.", 99), "a[^1] [^1]: Ibid.");
}

#[test]
fn emphasis_stands_beside_letters_without_spaces() {
    for source in [
        "**这是加粗。**后面",
        "前面**「强调」**后面",
        "前面**（强调）**后面",
        "これは**重要。**です",
        "**「重要」**です",
        "**\"안녕\"**은",
        "**안녕(hello)**은",
        "**Hello!**后",
        "后**(a)**后",
        "中文**“引号”**中文",
        "~~删除。~~后面",
        "前**好**后",
        "**好——**后",
    ] {
        let html = render(source).into_string();
        let (element, mark) = if source.contains('~') {
            ("del", "~~")
        } else {
            ("strong", "**")
        };
        let want = source.replacen(mark, &format!("<{element}>"), 1).replacen(
            mark,
            &format!("</{element}>"),
            1,
        );
        assert_eq!(
            html,
            format!("<p>{}</p>\n", want.replace('"', "&quot;")),
            "of {source:?}"
        );
        assert_safe(source);
        assert_eq!(plain_text(source, 99), source.replace(mark, ""));
    }
    assert_rendered(&[
        ("好 * 好。* 后", "<p>好 * 好。* 后</p>"),
        ("`**好。**后`", "<p><code>**好。**后</code></p>"),
        (
            "[a](http://b.c/「*好。*后)",
            "<p><a href=\"http://b.c/%E3%80%8C*%E5%A5%BD%E3%80%82*%E5%90%8E\" REL>a</a></p>",
        ),
        (
            "```\n**好。**后\n```",
            "<pre><code>**好。**后\n</code></pre>",
        ),
        // Whoever writes both marks has them, and CommonMark's rule.
        (
            "\u{1bc9f}\u{1da8b}**好。**后",
            "<p>\u{1bc9f}\u{1da8b}**好。**后</p>",
        ),
        (
            "\u{1bc9f}**好。**后",
            "<p>\u{1bc9f}<strong>好。</strong>后</p>",
        ),
    ]);
}

#[test]
fn marks_of_all_languages_make_no_emphasis_between_other_letters() {
    assert_rendered(&[
        ("It takes ~5–~10 minutes", "<p>It takes ~5–~10 minutes</p>"),
        ("Rate: ~3—~4 km", "<p>Rate: ~3—~4 km</p>"),
        (
            "*foo “*bar*” baz*",
            "<p><em>foo “<em>bar</em>” baz</em></p>",
        ),
        (
            "**He said “**no**” to it**",
            "<p><strong>He said “<strong>no</strong>” to it</strong></p>",
        ),
        ("*un «*mot*» ici*", "<p><em>un «<em>mot</em>» ici</em></p>"),
        (
            "**“Rust”**很好，他说**“Rust”**",
            "<p><strong>“Rust”</strong>很好，他说<strong>“Rust”</strong></p>",
        ),
    ]);
}

#[test]
fn marks_do_not_pile_up() {
    for source in [
        format!("a{}b", "\u{301}".repeat(99)),
        format!("a{}b", "&#x301;".repeat(99)),
        format!("a{}b", "*\u{301}*".repeat(99)),
    ] {
        let html = render(&source).into_string();
        assert!(html.matches('\u{301}').count() <= 6, "{html}");
        assert!(plain_text(&source, 999).matches('\u{301}').count() <= 6);
        assert_safe(&source);
    }
    assert_rendered(&[("שָׁלוֹם e\u{301}\u{323}", "<p>שָׁלוֹם e\u{301}\u{323}</p>")]);
}

#[test]
fn raw_html_is_text() {
    assert_rendered(&[
        (
            "a <b onclick=\"c\">d</b>",
            "<p>a &lt;b onclick=&quot;c&quot;&gt;d&lt;/b&gt;</p>",
        ),
        (
            "<script>\nalert(1)\n\n</script>\n\n*a*",
            "<p>&lt;script&gt;\nalert(1)\n\n&lt;/script&gt;</p>\n<p><em>a</em></p>",
        ),
        ("<!-- a -->", "<p>&lt;!-- a --&gt;</p>"),
    ]);
}

#[test]
fn the_language_of_code_is_a_plain_name() {
    assert_rendered(&[
        ("```Rust,ignore\na\n```", "<pre><code>a\n</code></pre>"),
        (
            "```C++ x\na < b\n```",
            "<pre><code class=\"language-c++\">a &lt; b\n</code></pre>",
        ),
        ("```a\"b\n```", "<pre><code></code></pre>"),
    ]);
}

#[test]
fn an_address_in_the_text_is_one_link_whatever_marks_it_holds() {
    assert_rendered(&[
        (
            "http://a.b/_c_/d.",
            "<p><a href=\"http://a.b/_c_/d\" REL>http://a.b/_c_/d</a>.</p>",
        ),
        (
            "*http://a.b/c*",
            "<p><em><a href=\"http://a.b/c\" REL>http://a.b/c</a></em></p>",
        ),
        (
            "http://a.b/*c d*",
            "<p><a href=\"http://a.b/\" REL>http://a.b/</a><em>c d</em></p>",
        ),
        (
            "http://a.b/`c d`",
            "<p><a href=\"http://a.b/\" REL>http://a.b/</a><code>c d</code></p>",
        ),
        (
            "http://a.b/?c=1&amp;d=2",
            "<p><a href=\"http://a.b/?c=1&amp;d=2\" REL>http://a.b/?c=1&amp;d=2</a></p>",
        ),
        (
            "\"https://a.b/\"",
            "<p>&quot;<a href=\"https://a.b/\" REL>https://a.b/</a>&quot;</p>",
        ),
        (
            "**www.a.b**!",
            "<p><strong><a href=\"http://www.a.b\" REL>www.a.b</a></strong>!</p>",
        ),
        (
            "https://ä.example/ö",
            "<p><a href=\"https://%C3%A4.example/%C3%B6\" REL>https://ä.example/ö</a></p>",
        ),
        (
            "[http://a.b](https://c.d)",
            "<p><a href=\"https://c.d\" REL>http://a.b</a></p>",
        ),
        (
            "`http://a.b` xhttp://a.b www.a http://a",
            "<p><code>http://a.b</code> xhttp://a.b <a href=\"http://www.a\" REL>www.a</a> http://a</p>",
        ),
        (
            "a@b.c, a_b@c.d; a@b a@b.c@d",
            "<p><a href=\"mailto:a@b.c\" REL>a@b.c</a>, <a href=\"mailto:a_b@c.d\" REL>a_b@c.d</a>; a@b a@b.c@d</p>",
        ),
    ]);
    assert!(
        render("|a|\n|-|\n|www.a.b|")
            .as_str()
            .contains("<td><a href=\"http://www.a.b\"")
    );
    let long = format!("http://a.b/{}", "c".repeat(4000));
    assert_eq!(render(&long).as_str(), format!("<p>{long}</p>\n"));
}

#[test]
fn nesting_ends_at_sixteen_levels_and_loses_no_text() {
    for (marker, element) in [("> ", "<blockquote>"), ("- ", "<ul>"), ("1. ", "<ol>")] {
        let html = render(&format!("{}a\n\nb", marker.repeat(16))).into_string();
        assert_eq!(html.matches(element).count(), 16, "{html}");
        let html = render(&format!("{}a\n\nb", marker.repeat(1000))).into_string();
        assert_eq!(html.matches(element).count(), 16, "{html}");
        assert!(html.contains('a') && html.ends_with("<p>b</p>\n"), "{html}");
    }
    let indented: String = (0..40)
        .map(|n| format!("{}- {n}\n", "  ".repeat(n)))
        .collect();
    let html = render(&indented).into_string();
    assert_eq!(html.matches("<ul>").count(), 16);
    let text = tokens::check(&html).expect("the HTML is safe");
    assert_eq!(
        text.split_whitespace().collect::<Vec<_>>(),
        (0..40).map(|n| n.to_string()).collect::<Vec<_>>()
    );
    assert_eq!(render(&"- ".repeat(40)).as_str(), "<hr />\n");
    assert_eq!(
        render("> > - - -").as_str(),
        "<blockquote>\n<blockquote>\n<hr />\n</blockquote>\n</blockquote>\n"
    );
}

#[test]
fn a_title_may_span_eight_lines_and_no_more() {
    let link = |breaks: usize| {
        render(&format!("[a](http://b.c \"{}\")", "d\n".repeat(breaks))).into_string()
    };
    assert!(link(8).starts_with("<p><a href"), "{}", link(8));
    assert!(
        link(9).starts_with("<p>[a](<a href=\"http://b.c\""),
        "{}",
        link(9)
    );
    assert!(link(9).contains(" &quot;d<br />\nd"), "{}", link(9));
}

#[test]
fn plain_text_has_no_markup() {
    for (source, max, text) in [
        (
            "# a\n\n*b* **c** `d` [e](http://f) ![g](http://h)",
            99,
            "a b c d e g",
        ),
        (
            "a\nb  \nc\\\nd\n\n> e\n\n- f\n- [x] g",
            99,
            "a b c d e f ☑ g",
        ),
        ("|a|b|\n|-|-|\n|c|d|", 99, "a b c d"),
        ("a <b>&lt;c&gt;", 99, "a <b><c>"),
        ("*un*believable", 99, "unbelievable"),
        ("abcdef", 6, "abcdef"),
        ("abcdefg", 6, "abcde…"),
        ("abcd efg", 6, "abcd…"),
        ("äöü😀x", 4, "äöü…"),
        ("a", 0, ""),
        ("", 9, ""),
        ("a&#x202e;b&#10;c", 99, "a\u{fffd}b c"),
    ] {
        assert_eq!(plain_text(source, max), text, "of {source:?}");
    }
}
