//! How well passages are found again in articles that were edited, beside the rule of Hypothesis; and how fast.
//!
//! `POSTIL_REVISIONS=<folder> cargo bench --bench anchoring`: the folder has a folder for each date, and these have the articles of
//! that date, in Markdown, under the same names (for other scripts too: what ends in `.zh.md`, `.ja.md` or `.ar.md` is
//! reported by itself). Without it, the small sample beside this file is taken. `-- quality`, `-- curve` and `-- speed` do only that.
//!
//! Every sentence, and phrases of 2 to 8 words as a seed has them, are quoted from the articles of one date and looked for in those of
//! a later one, in groups of 25 passages as a thread may have them, and each alone. What became of them says a word diff
//! that the matcher does not use; where it cannot be sure (an edit over the edge of a quote, text that was moved
//! and edited), the quote is left out and counted.

use std::path::{Path, PathBuf};

use postil::domain::passage::anchor::{Anchor, find_by};
use postil::domain::passage::rule::Rule;
use postil::domain::passage::selector::Selector;

#[path = "anchoring/article.rs"]
mod article;
#[path = "anchoring/diff.rs"]
mod diff;
#[path = "anchoring/hypothesis.rs"]
mod hypothesis;
#[path = "anchoring/quotes.rs"]
mod quotes;
#[path = "anchoring/speed.rs"]
mod speed;
#[path = "anchoring/tally.rs"]
mod tally;

use diff::Words;
use quotes::{Fate, Quote};
use tally::{Counts, Row, Tally};

const SEEDS: [u64; 3] = [1, 2, 3];
/// Phrases of each article.
const PHRASES: usize = 200;
/// Passages that a thread has.
const GROUP: usize = 25;

fn main() {
    // Cargo passes `--bench` on.
    let wanted = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with('-'));
    let is_wanted = |section: &str| wanted.as_deref().is_none_or(|wanted| wanted == section);
    let folder = std::env::var_os("POSTIL_REVISIONS").map(PathBuf::from);
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/anchoring/sample");
    let folder = folder.unwrap_or_else(|| sample.clone());
    let mut missed = 0;
    if is_wanted("quality") {
        for (set, pairs) in sets(&folder) {
            for (name, articles) in pairs {
                missed += quality(&format!("{set}{name}"), &articles);
            }
        }
    }
    if is_wanted("curve") {
        for (set, pairs) in sets(&folder) {
            for (name, articles) in pairs {
                curve(&format!("{set}{name}"), &articles);
            }
        }
    }
    if is_wanted("speed") {
        let prose = std::fs::read_to_string(sample.join("2024/harbour.en.md"))
            .expect("the sample is there");
        missed += speed::report(&article::plain(&prose));
    }
    println!("\n{missed} goals missed");
}

/// An article at two dates.
struct Article {
    old: Words,
    new: Words,
}

/// The articles of each pair of dates, by pair.
type Pairs = Vec<(String, Vec<Article>)>;

/// What is reported by itself: each script, and Markdown as it was written.
fn sets(folder: &Path) -> Vec<(&'static str, Pairs)> {
    let is_of = |name: &str, script: &str| name.ends_with(&format!(".{script}.md"));
    let is_other = |name: &str| ["zh", "ja", "ar"].iter().any(|script| is_of(name, script));
    let sets = [
        ("", pairs(folder, |name| !is_other(name), article::plain)),
        (
            "Markdown as it is written, ",
            pairs(folder, |name| !is_other(name), str::to_owned),
        ),
        (
            "Chinese, ",
            pairs(folder, |name| is_of(name, "zh"), article::plain),
        ),
        (
            "Japanese, ",
            pairs(folder, |name| is_of(name, "ja"), article::plain),
        ),
        (
            "Arabic, ",
            pairs(folder, |name| is_of(name, "ar"), article::plain),
        ),
    ];
    sets.into_iter()
        .filter(|(_, pairs)| pairs.iter().any(|pair| !pair.1.is_empty()))
        .collect()
}

fn pairs(folder: &Path, is_wanted: impl Fn(&str) -> bool, read: impl Fn(&str) -> String) -> Pairs {
    let dates = names(folder);
    let mut pairs = Vec::new();
    for (index, old) in dates.iter().enumerate() {
        for new in &dates[index + 1..] {
            let both = names(&folder.join(old))
                .into_iter()
                .filter(|name| is_wanted(name))
                .filter_map(|name| {
                    let text =
                        |date: &str| std::fs::read_to_string(folder.join(date).join(&name)).ok();
                    Some(Article {
                        old: Words::new(&read(&text(old)?)),
                        new: Words::new(&read(&text(new)?)),
                    })
                });
            pairs.push((format!("{old} → {new}"), both.collect()));
        }
    }
    pairs
}

fn names(folder: &Path) -> Vec<String> {
    let entries =
        std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

/// Where each quote is found, in groups of so many, spread over the article.
fn find(article: &Article, quotes: &[Quote], group: usize, rule: &Rule) -> Vec<Anchor> {
    let mut anchors = vec![Anchor::Orphaned; quotes.len()];
    let groups = quotes.len().div_ceil(group);
    for first in 0..groups {
        let own: Vec<usize> = (first..quotes.len()).step_by(groups).collect();
        let passages: Vec<Selector> = own.iter().map(|at| quotes[*at].passage.clone()).collect();
        for (at, anchor) in own
            .into_iter()
            .zip(find_by(&article.new.text, &passages, rule))
        {
            anchors[at] = anchor;
        }
    }
    anchors
}

/// Prints the table of a pair of dates; gives how many goals were missed.
fn quality(name: &str, articles: &[Article]) -> usize {
    let rule = Rule::default();
    let mut seeds = Vec::new();
    let (mut alone, mut other) = (Tally::default(), Tally::default());
    let (mut doubtful, mut all) = (0, 0);
    for seed in SEEDS {
        let mut tally = Tally::default();
        for article in articles {
            let quotes = quotes::of(&article.old, &article.new, PHRASES, seed);
            all += quotes.len();
            doubtful += quotes
                .iter()
                .filter(|quote| quote.fate == Fate::Doubtful)
                .count();
            for (quote, anchor) in quotes.iter().zip(find(article, &quotes, GROUP, &rule)) {
                tally.add(quote, anchor.range());
            }
            // These are slow, and the first seed says enough.
            if seed == SEEDS[0] {
                for (quote, anchor) in quotes.iter().zip(find(article, &quotes, 1, &rule)) {
                    alone.add(quote, anchor.range());
                    other.add(quote, hypothesis::find(&article.new.text, &quote.passage));
                }
            }
        }
        seeds.push(tally);
    }
    println!(
        "\n## {name}: {} articles, {all} quotes, of these doubtful {doubtful}\n",
        articles.len()
    );
    println!(
        "| | n | right, by seed | wrong place | orphaned | alone: right | wrong place | Hypothesis: right | wrong place | goal |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let mut sum = Tally::default();
    for tally in &seeds {
        sum.join(tally);
    }
    let mut missed = 0;
    for row in Row::ALL {
        let counts = sum.of(row);
        if counts.all == 0 {
            continue;
        }
        let right: Vec<String> = seeds.iter().map(|tally| right(tally.of(row))).collect();
        let is_missed = row
            .goal()
            .is_some_and(|goal| counts.share(counts.right) < goal);
        missed += usize::from(is_missed);
        let goal = row.goal().map_or(String::new(), |goal| format!("≥ {goal}"));
        let (alone, other) = (alone.of(row), other.of(row));
        println!(
            "| {} | {} | {} | {:.2} | {:.2} | {} | {:.2} | {} | {:.2} | {goal}{} |",
            row.name(),
            counts.all,
            right.join(" "),
            counts.share(counts.wrong),
            counts.share(counts.lost),
            self::right(alone),
            alone.share(alone.wrong),
            self::right(other),
            other.share(other.wrong),
            if is_missed { " missed" } else { "" },
        );
    }
    missed
}

fn right(counts: Counts) -> String {
    format!("{:.2}", counts.share(counts.right))
}

/// Prints what other rules would do: how much of what was edited is found, and how many anchors are wrong.
fn curve(name: &str, articles: &[Article]) {
    println!("\n## Rules, {name}\n");
    println!(
        "| least | alone | edited: found | wrong place | deleted: orphaned | all anchors: wrong place |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let quoted: Vec<Vec<Quote>> = articles
        .iter()
        .map(|one| quotes::of(&one.old, &one.new, PHRASES, SEEDS[0]))
        .collect();
    let default = Rule::default();
    for severity in [0.0, 0.4, 0.7, 0.85, 1.0, 1.15, 1.3, 1.6, 2.0] {
        let rule = Rule {
            least: severity * default.least,
            alone: severity * default.alone,
            ..default
        };
        let mut tally = Tally::default();
        for (article, quotes) in articles.iter().zip(&quoted) {
            for (quote, anchor) in quotes.iter().zip(find(article, quotes, GROUP, &rule)) {
                tally.add(quote, anchor.range());
            }
        }
        let sum = |rows: &[Row]| {
            let mut sum = Counts::default();
            for row in rows {
                sum.join(tally.of(*row));
            }
            sum
        };
        let edited = sum(&[Row::SentenceEdited, Row::PhraseEdited]);
        let deleted = sum(&[Row::SentenceDeleted, Row::PhraseDeleted]);
        let all = sum(&Row::ALL);
        println!(
            "| {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {:.3} |",
            rule.least,
            rule.alone,
            edited.share(edited.right),
            edited.share(edited.wrong),
            deleted.share(deleted.right),
            all.share(all.wrong),
        );
    }
}
