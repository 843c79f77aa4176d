//! Models that come to rest, and decisions that are taken back.

use diesel::RunQueryDsl as _;
use diesel::sql_types::Binary;
use proptest::prelude::*;

use super::*;
use crate::domain::id::CommentId;
use crate::domain::moderation::Action;
use crate::domain::site::{Phrases, Policy};
use crate::domain::time::Time;
use crate::domain::word::Role;
use crate::service::caller::{Authority, Caller};
use crate::service::comments as own;
use crate::service::moderation::{self, Decision, Target};
use crate::store::people::{self, Person};
use crate::store::types::Json;
use crate::store::{Database, comments, sites, threads};

/// A service's data, with nobody who teaches but the test.
struct School {
    _directory: tempfile::TempDir,
    store: Store,
    turns: Turns,
}

/// A site with one reader who writes on one page.
#[derive(Clone)]
struct Class {
    site: SiteId,
    thread: threads::Thread,
    reader: Person,
}

/// All that is stored of a model but how often it changed.
type Learnt = (Option<Vec<u8>>, Option<Vec<u8>>);

impl School {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = Database::Sqlite(directory.path().join("postil.db"));
        let (store, _) = Store::open(file, None, 2).unwrap();
        Self {
            _directory: directory,
            store,
            turns: Turns::default(),
        }
    }

    async fn class(&self, slug: &str) -> Class {
        let now = Time::now();
        let site = sites::Site {
            addresses: None,
            next_addresses: None,
            id: SiteId::new(),
            slug: slug.into(),
            name: slug.into(),
            origins: Json::new(Vec::new()),
            locale: "en".into(),
            policy: Json::new(Policy::default()),
            phrases: Json::new(Phrases::default()),
            sso: None,
            version: 0,
            created_at: now,
        };
        let url = "https://example.org/a";
        let id = crate::domain::id::ThreadId::minted(site.id, url, 0);
        let class = Class {
            site: site.id,
            thread: threads::Thread::empty(id, site.id, url, url, now),
            reader: Person::guest(site.id, now),
        };
        let made = class.clone();
        let written = self.store.write(move |tx| {
            sites::insert(tx, &site)?;
            threads::insert(tx, &made.thread)?;
            people::insert(tx, &made.reader)
        });
        written.await.unwrap();
        class
    }

    /// Comments that wait, with these texts.
    async fn comments(&self, class: &Class, texts: &[String]) -> Vec<CommentId> {
        let (class, texts) = (class.clone(), texts.to_vec());
        let written = self.store.write(move |tx| {
            let made = texts.iter().map(|text| {
                let comment = comments::Comment {
                    body: text.clone(),
                    body_html: format!("<p>{text}</p>"),
                    ..comments::Comment::new(&class.thread, class.reader.id, Time::now())
                };
                comments::insert(tx, &comment)?;
                Ok(comment.id)
            });
            made.collect::<Result<Vec<_>>>()
        });
        written.await.unwrap()
    }

    async fn comment(&self, class: &Class, text: &str) -> CommentId {
        self.comments(class, &[text.to_owned()]).await[0]
    }

    /// So many lessons about comments of their own, every third of them about spam.
    async fn tell(&self, class: &Class, range: std::ops::Range<usize>) -> Vec<CommentId> {
        let texts: Vec<String> = range.map(|n| format!("w{} v{}", n % 97, n % 31)).collect();
        let ids = self.comments(class, &texts).await;
        let (site, told) = (class.site, ids.clone());
        let written = self.store.write(move |tx| {
            for (n, id) in told.iter().enumerate() {
                lessons::tell(tx, site, *id, 1, n % 3 == 0)?;
            }
            Ok(())
        });
        written.await.unwrap();
        ids
    }

    async fn try_to(&self, action: Action, comment: CommentId) -> Result<()> {
        decide(&self.store, action, comment).await
    }

    async fn decide(&self, action: Action, comment: CommentId) {
        self.try_to(action, comment).await.unwrap();
    }

    /// The author takes a comment back.
    async fn delete(&self, class: &Class, comment: CommentId) {
        let caller = Caller {
            person: Some(class.reader.clone()),
            authority: Some(Authority::full(Role::Reader, Some(class.site))),
            ..Caller::default()
        };
        own::delete(&self.store, &caller, comment, Time::now())
            .await
            .unwrap();
    }

    async fn round(&mut self) {
        let (_end, stop) = watch::channel(false);
        self.turns.round(&self.store, &stop).await.unwrap();
    }

    async fn version(&self, class: &Class) -> i64 {
        let site = class.site;
        let read = self.store.read(move |conn| models::version(conn, site));
        read.await.unwrap()
    }

    async fn is_behind(&self, class: &Class) -> bool {
        let site = class.site;
        let read = self.store.read(move |conn| models::of(conn, site));
        read.await
            .unwrap()
            .is_some_and(|model| model.told > model.taught)
    }

    /// Teaches until nothing is left, and holds that nothing changes from then on.
    async fn rest(&mut self, class: &Class) -> Learnt {
        let mut rounds = 0;
        while self.is_behind(class).await {
            self.round().await;
            rounds += 1;
            assert!(rounds < 100, "it never rests");
        }
        let version = self.version(class).await;
        for _ in 0..3 {
            self.round().await;
        }
        assert_eq!(self.version(class).await, version);
        self.learnt(class).await
    }

    async fn learnt(&self, class: &Class) -> Learnt {
        let site = class.site;
        let read = self.store.read(move |conn| models::of(conn, site));
        let model = read.await.unwrap().unwrap();
        (model.weights, model.moved)
    }

    /// The numbers of the lessons that are stored, and of the model's states.
    async fn stored(&self, class: &Class) -> (Vec<i64>, Vec<i64>) {
        let site = class.site;
        let read = self.store.read(move |conn| {
            let lessons = lessons::after(conn, site, 0, 100_000)?;
            Ok((lessons, models::states(conn, site)?))
        });
        read.await.unwrap()
    }

    async fn record(&self, class: &Class) -> (i64, i64, Option<Time>) {
        let id = class.reader.id;
        let read = self.store.read(move |conn| people::by_id(conn, id));
        let person = read.await.unwrap().unwrap();
        (person.approved, person.rejected, person.rejected_at)
    }
}

async fn decide(store: &Store, action: Action, comment: CommentId) -> Result<()> {
    let decision = Decision {
        action,
        reason: None,
        note: None,
        from: None,
        whole: false,
    };
    let target = Target {
        id: comment,
        revision: None,
    };
    let operator = Caller::operator();
    let work = store
        .write(move |tx| moderation::decide_one(tx, &operator, &decision, target, Time::now()));
    work.await.map(drop)
}

#[tokio::test]
async fn a_decision_that_is_taken_back_was_never_made() {
    let mut school = School::new();
    let class = school.class("a").await;
    let other = school.comment(&class, "A thought on zeppelins").await;
    school.decide(Action::Spam, other).await;
    let start = (school.rest(&class).await, school.record(&class).await);
    for decided in [None, Some(Action::Approve), Some(Action::Reject)] {
        let comment = school.comment(&class, "Zeppelin rides for all").await;
        if let Some(action) = decided {
            school.decide(action, comment).await;
        }
        let before = (school.rest(&class).await, school.record(&class).await);
        for mistake in [
            Action::Spam,
            Action::Approve,
            Action::Reject,
            Action::Trash,
            Action::Restore,
        ] {
            for is_learnt in [true, false] {
                // What is so already is no decision, and what is published was not put away.
                let is_none = match mistake {
                    Action::Restore => decided != Some(Action::Reject),
                    other => decided == Some(other),
                };
                if is_none {
                    continue;
                }
                school.decide(mistake, comment).await;
                if is_learnt {
                    school.rest(&class).await;
                }
                school.decide(Action::Undo, comment).await;
                let after = (school.rest(&class).await, school.record(&class).await);
                assert!(before == after, "{mistake:?} after {decided:?}");
                // Once.
                assert!(school.try_to(Action::Undo, comment).await.is_err());
            }
        }
        // What counts again is replaced as if nothing had been between.
        school.decide(Action::Trash, comment).await;
        school.decide(Action::Restore, comment).await;
        let after = (school.rest(&class).await, school.record(&class).await);
        assert!(start == after, "{decided:?}");
    }
}

#[tokio::test]
async fn the_last_rejection_that_stands_is_the_one_that_is_known() {
    let school = School::new();
    let class = school.class("a").await;
    let [one, two] = ["One", "Two"].map(|text| school.comment(&class, text));
    let (one, two) = (one.await, two.await);
    school.decide(Action::Spam, one).await;
    let first = school.record(&class).await;
    school.decide(Action::Reject, two).await;
    let second = school.record(&class).await;
    assert!(first.2.is_some() && first.2 < second.2);
    // The older one goes first.
    school.decide(Action::Undo, one).await;
    assert_eq!(school.record(&class).await, (0, 1, second.2));
    school.decide(Action::Undo, two).await;
    assert_eq!(school.record(&class).await, (0, 0, None));
    school.decide(Action::Spam, one).await;
    let first = school.record(&class).await;
    school.decide(Action::Spam, two).await;
    school.decide(Action::Approve, two).await;
    assert_eq!(school.record(&class).await, (1, 1, first.2));
}

#[tokio::test]
async fn a_model_comes_to_rest_whatever_becomes_of_its_lessons() {
    let mut school = School::new();
    let class = school.class("a").await;
    let texts = ["One", "Two", "Three", "Four"].map(String::from);
    let ids = school.comments(&class, &texts).await;
    // The only lesson, before and after it was learnt.
    for is_learnt in [false, true] {
        school.decide(Action::Spam, ids[0]).await;
        if is_learnt {
            school.rest(&class).await;
        }
        school.decide(Action::Undo, ids[0]).await;
        let (weights, _) = school.rest(&class).await;
        assert_eq!(weights, Some(Pupil::seasoned().to_bytes()));
    }
    // The text of the last goes before it is learnt; that of the first after.
    school.decide(Action::Approve, ids[0]).await;
    let learnt = school.rest(&class).await;
    school.decide(Action::Spam, ids[1]).await;
    school.delete(&class, ids[1]).await;
    assert!(school.rest(&class).await == learnt);
    school.delete(&class, ids[0]).await;
    assert!(school.rest(&class).await == learnt);
    // The author erased it, and the lesson is still there.
    school.decide(Action::Approve, ids[2]).await;
    let comment = ids[2];
    let erased = school
        .store
        .write(move |tx| crate::store::comments::erase(tx, comment));
    erased.await.unwrap();
    assert!(school.rest(&class).await == learnt);
    // Nothing that was ever learnt of what was deleted is lost by a mistake about another.
    school.decide(Action::Spam, ids[3]).await;
    assert!(school.rest(&class).await != learnt);
    school.decide(Action::Undo, ids[3]).await;
    assert!(school.rest(&class).await == learnt);
    assert!(school.try_to(Action::Undo, ids[0]).await.is_err());
}

#[tokio::test]
async fn many_decisions_in_a_second_come_to_what_stands_of_them() {
    let mut school = School::new();
    let [class, control] = [school.class("a").await, school.class("b").await];
    let ids = school.tell(&class, 0..40).await;
    school.tell(&control, 0..40).await;
    let expected = school.rest(&control).await;
    // While they are learnt, each is called something else, which is taken back, and in the end nothing stands.
    let store = school.store.clone();
    let teaching = async {
        for _ in 0..20 {
            school.round().await;
        }
        school
    };
    let deciding = async {
        for id in &ids {
            for action in [
                Action::Approve,
                Action::Spam,
                Action::Undo,
                Action::Trash,
                Action::Restore,
            ] {
                decide(&store, action, *id).await.unwrap();
            }
        }
    };
    let (mut school, ()) = tokio::join!(teaching, deciding);
    let (weights, _) = school.rest(&class).await;
    assert_eq!(weights, Some(Pupil::seasoned().to_bytes()));
    assert!(school.stored(&class).await.0.is_empty());
    // The other site was left alone.
    assert!(school.learnt(&control).await == expected);
}

#[tokio::test]
async fn two_who_teach_at_once_come_to_one_model() {
    let mut school = School::new();
    let [class, control] = [school.class("a").await, school.class("b").await];
    for class in [&class, &control] {
        school.tell(class, 0..30).await;
    }
    let site = class.site;
    let (one, two) = tokio::join!(teach(&school.store, site), teach(&school.store, site));
    assert!(one.is_ok() && two.is_ok());
    assert!(!school.is_behind(&class).await);
    assert!(school.rest(&class).await == school.rest(&control).await);
}

#[tokio::test]
async fn what_is_older_than_what_is_gone_over_can_be_taken_back_as_well() {
    let mut school = School::new();
    let [class, control] = [school.class("a").await, school.class("b").await];
    let many = MEMORY + 700;
    let ids = school.tell(&class, 0..many).await;
    let learnt = school.rest(&class).await;
    assert!(school.stored(&class).await.1.len() >= 2);
    // A mistake about the newest, and one about the oldest.
    for id in [ids[many - 1], ids[0]] {
        school.decide(Action::Spam, id).await;
        let mistaken = school.rest(&class).await;
        assert!(mistaken != learnt);
        school.decide(Action::Approve, id).await;
        school.rest(&class).await;
        school.decide(Action::Undo, id).await;
        assert!(school.rest(&class).await == mistaken);
        // That was the second decision; here the first is taken back.
        school.decide(Action::Trash, id).await;
        school.decide(Action::Restore, id).await;
        school.rest(&class).await;
        school.decide(Action::Undo, id).await;
        assert!(school.rest(&class).await == mistaken);
        school.decide(Action::Restore, id).await;
        school.rest(&class).await;
    }
    // Both stand no more: it is as if nobody had ever said anything about them.
    let texts = school.tell(&control, 0..many).await;
    let site = control.site;
    let gone = [texts[many - 1], texts[0]];
    let forgotten = school.store.write(move |tx| {
        for id in gone {
            for lesson in lessons::of_comment(tx, id)? {
                lessons::forget(tx, &lesson)?;
            }
        }
        models::lock(tx, site)
    });
    forgotten.await.unwrap();
    assert!(school.rest(&class).await == school.rest(&control).await);
}

#[tokio::test]
async fn what_is_a_part_of_sums_stays_and_takes_no_more_room() {
    let mut school = School::new();
    let class = school.class("a").await;
    let many = MEMORY + KEPT + 2 * SPACING;
    let ids = school.tell(&class, 0..many).await;
    let learnt = school.rest(&class).await;
    let (lessons, states) = school.stored(&class).await;
    assert!(lessons.len() < many, "nothing was forgotten");
    assert!(lessons.len() >= KEPT && states[0] as usize <= many - KEPT);
    assert!(states.len() <= KEPT / SPACING + LATEST + 1, "{states:?}");
    // Decided once more, and that was a mistake: about what is known by sums alone, what is still gone over, and the newest.
    for id in [ids[0], ids[states[0] as usize - 1], ids[many - 1]] {
        school.decide(Action::Spam, id).await;
        assert!(school.rest(&class).await != learnt);
        school.decide(Action::Undo, id).await;
        assert!(school.rest(&class).await == learnt);
    }
    // Nothing else is left of it by which it could be taken back.
    school.decide(Action::Reject, ids[1]).await;
    assert!(school.rest(&class).await == learnt);
}

#[tokio::test]
async fn every_site_has_its_turn_though_many_never_end() {
    let mut school = School::new();
    let mut classes = Vec::new();
    for n in 0..SITES + 8 {
        classes.push(school.class(&format!("s{n}")).await);
    }
    classes.sort_by_key(|class| class.site);
    let last = classes.pop().unwrap();
    school.tell(&last, 0..1).await;
    // One cannot learn at all.
    let broken = school.tell(&classes[0], 0..1).await[0];
    let written = school.store.write(move |tx| {
        let insert =
            "INSERT INTO judgements (comment_id, opinions, author, at) VALUES ($1, '', '', 0)";
        let insert = diesel::sql_query(insert).bind::<Binary, _>(broken);
        insert.execute(&mut **tx)?;
        Ok(())
    });
    written.await.unwrap();
    for n in 0..3 {
        // Whatever these learn, they are told more.
        for class in &classes {
            school.tell(class, n..n + 1).await;
        }
        school.round().await;
    }
    assert!(!school.is_behind(&last).await);
    assert!(school.is_behind(&classes[0]).await);
    // The others are not forgotten for the last.
    for class in &classes[1..] {
        school.rest(class).await;
    }
}

#[tokio::test]
async fn a_site_that_has_much_to_learn_leaves_the_others_their_turns() {
    let mut school = School::new();
    let [one, two] = [school.class("a").await, school.class("b").await];
    school.tell(&one, 0..LESSONS + 1).await;
    school.tell(&two, 0..1).await;
    school.round().await;
    assert!(school.is_behind(&one).await && !school.is_behind(&two).await);
    school.round().await;
    assert!(!school.is_behind(&one).await);
}

proptest! {
    #[test]
    fn states_are_few_and_reach_back_far_enough(
        steps in prop::collection::vec(0_usize..3 * SPACING / 2, 0..40),
        rest in 0_usize..2 * KEPT,
    ) {
        let known: Vec<usize> = std::iter::once(0)
            .chain(steps.iter().scan(0, |sum, step| { *sum += step; Some(*sum) }))
            .collect();
        let all = known[known.len() - 1] + rest;
        let kept = worth_keeping(&known, all);
        let base = known[kept[0]];
        // What can be taken back, and no more than that takes.
        prop_assert!(base == 0 || all - base >= KEPT);
        let next = known.iter().find(|known| **known > base);
        prop_assert!(next.is_none_or(|next| all - next < KEPT));
        prop_assert!(kept.is_sorted() && kept.last() == Some(&(known.len() - 1)));
        prop_assert!(kept.len() <= 1 + (all - base) / SPACING + LATEST);
        // None is far from the one before it, unless there is none between.
        for pair in kept.windows(2) {
            let far = known[pair[1]] - known[pair[0]];
            prop_assert!(far < 3 * SPACING || pair[1] == pair[0] + 1, "{far}");
        }
    }
}
