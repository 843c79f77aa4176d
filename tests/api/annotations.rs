//! Passages and their comments as Web Annotations, held against the W3C's own schemas.

use std::fs;
use std::path::PathBuf;

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Value, json};

use crate::support::{App, SITE, comment, on_both, page_url};

const KIND: &str = "application/ld+json; profile=\"http://www.w3.org/ns/anno.jsonld\"";

/// Where the schemas refer to each other from.
const BASE: &str = "json-schema:///";

fn schemas(folder: &str) -> Vec<(String, Value)> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/annotations");
    let files = fs::read_dir(root.join(folder)).unwrap();
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        (name, serde_json::from_str(&text).unwrap())
    };
    files.map(|entry| read(entry.unwrap())).collect()
}

/// What must hold of one kind of document.
struct Musts(Vec<(String, Validator)>);

impl Musts {
    fn of(kind: &str) -> Self {
        let mut registry = Registry::new().draft(Draft::Draft4);
        for (name, schema) in schemas("definitions") {
            registry = registry.add(format!("{BASE}{name}"), schema).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let validator = |schema: &Value| {
            let options = jsonschema::options().with_draft(Draft::Draft4);
            let options = options.with_base_uri(BASE).with_registry(&registry);
            options.should_validate_formats(true).build(schema).unwrap()
        };
        let all = schemas(kind).into_iter();
        let all = all.map(|(name, schema)| (name, validator(&schema)));
        Self(all.collect())
    }

    /// The names of those that do not hold.
    fn broken(&self, document: &Value) -> Vec<&str> {
        let broken = self.0.iter().filter(|(_, must)| !must.is_valid(document));
        broken.map(|(name, _)| name.as_str()).collect()
    }
}

struct Model {
    collection: Musts,
    page: Musts,
    annotation: Musts,
}

impl Model {
    fn read() -> Self {
        let [collection, page, annotation] = ["collection", "page", "annotation"].map(Musts::of);
        assert_eq!(
            (collection.0.len(), page.0.len(), annotation.0.len()),
            (10, 15, 54)
        );
        Self {
            collection,
            page,
            annotation,
        }
    }

    #[track_caller]
    fn fits(&self, musts: &Musts, document: &Value) {
        let broken = musts.broken(document);
        assert!(broken.is_empty(), "{broken:?}: {document:#}");
    }

    /// Checks a page, and gives its annotations.
    #[track_caller]
    fn page(&self, page: &Value) -> Vec<Value> {
        self.fits(&self.page, page);
        let items = page["items"].as_array().unwrap();
        for item in items {
            let mut alone = item.clone();
            alone["@context"] = json!("http://www.w3.org/ns/anno.jsonld");
            self.fits(&self.annotation, &alone);
        }
        items.clone()
    }
}

fn get(app: &App, path: &str) -> Value {
    let answer = app.get(path).send().is(200);
    assert_eq!(answer.header("content-type"), KIND);
    answer.body
}

/// The path of one of the service's own addresses.
fn path(app: &App, address: &Value) -> String {
    address
        .as_str()
        .unwrap()
        .strip_prefix(&app.url)
        .unwrap()
        .to_owned()
}

fn write_page(app: &App) -> String {
    let body = json!({"site": SITE, "url": page_url("a"), "title": "Tide <tables>"});
    let made = app
        .put("/v1/moderation/threads", body)
        .bearer(&app.admin)
        .send();
    made.is(201).body["id"].as_str().unwrap().to_owned()
}

fn plant(app: &App, thread: &str, key: &str, words: Value) {
    let path = format!("/v1/threads/{thread}/passages/{key}");
    app.put(&path, words).bearer(&app.admin).send().is(201);
}

fn remark(app: &App, text: &str, target: Value) -> Value {
    let mut body = comment("a", text);
    body["target"] = target;
    app.post("/v1/comments", body).send().is(201).body
}

#[test]
fn the_schemas_refuse_what_is_no_annotation() {
    let model = Model::read();
    let good = json!({
        "@context": "http://www.w3.org/ns/anno.jsonld", "id": "urn:x:1", "type": "Annotation", "target": "https://blog.example/a",
    });
    model.fits(&model.annotation, &good);
    for (member, wrong) in [
        ("@context", json!("http://example.org/other")),
        ("id", json!(5)),
        ("type", json!("Note")),
        ("target", Value::Null),
        ("created", json!("yesterday")),
        (
            "target",
            json!({"source": "https://blog.example/a", "selector": {"type": "TextQuoteSelector", "exact": ["a", "b"]}}),
        ),
    ] {
        let mut bad = good.clone();
        bad[member] = wrong;
        assert!(!model.annotation.broken(&bad).is_empty(), "{bad}");
    }
}

#[test]
fn passages_and_their_comments_are_a_collection() {
    let model = Model::read();
    on_both(|app| {
        let thread = write_page(app);
        let list = format!("/v1/threads/{thread}/annotations");
        let empty = get(app, &list);
        model.fits(&model.collection, &empty);
        assert_eq!(
            (&empty["total"], &empty["first"]),
            (&json!(0), &Value::Null)
        );
        assert_eq!(empty["label"], "Tide <tables>");

        plant(
            app,
            &thread,
            "q1",
            json!({"exact": "at six", "prefix": "was given ", "start": 80, "question": "Were you there?"}),
        );
        plant(app, &thread, "q2", json!({"exact": "no question"}));
        let mut first = comment("a", "I *was*.");
        first["target"] = json!({"exact": "at six", "key": "q1"});
        first["author"] = json!({"name": "Ada", "website": "https://ada.example"});
        let first = app.post("/v1/comments", first).send().is(201).body;
        let second = remark(app, "Who?", json!({"exact": "The pilots"}));
        app.reply("a", &second, "They.");
        app.comment("a", "About no passage.");
        let third = remark(app, "Gone.", json!({"exact": "The pilots"}));
        app.reply("a", &third, "Stays.");
        let id = third["id"].as_str().unwrap();
        app.delete(&format!("/v1/comments/{id}"))
            .bearer(third["token"].as_str().unwrap())
            .send()
            .is(204);

        let collection = get(app, &list);
        model.fits(&model.collection, &collection);
        assert_eq!(collection["id"], format!("{}{list}", app.url));
        assert_eq!(collection["total"], 3);
        let asked = model.page(&{
            let mut page = collection["first"].clone();
            page["@context"] = collection["@context"].clone();
            page
        });
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0]["motivation"], "questioning");
        assert_eq!(asked[0]["body"]["value"], "Were you there?");
        // The page stands by itself too, and leads to the next.
        let by_itself = get(app, &path(app, &collection["first"]["id"]));
        assert_eq!(model.page(&by_itself), asked);
        assert_eq!(by_itself["partOf"]["id"], collection["id"]);
        let said = get(app, &path(app, &by_itself["next"]));
        assert_eq!(said["next"], Value::Null);
        let said = model.page(&said);
        let ids: Vec<_> = said.iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(
            ids,
            [&first, &second].map(|one| format!("urn:uuid:{}", one["id"].as_str().unwrap()))
        );
        assert_eq!(
            said[0]["body"],
            json!({"type": "TextualBody", "value": "<p>I <em>was</em>.</p>\n", "format": "text/html"})
        );
        assert_eq!(
            said[0]["creator"],
            json!({"type": "Person", "name": "Ada", "homepage": "https://ada.example/"})
        );
        let target = &said[0]["target"];
        assert_eq!(target["source"], page_url("a"));
        assert_eq!(
            target["selector"][0],
            json!({"type": "TextQuoteSelector", "exact": "at six", "prefix": "was given ", "suffix": ""})
        );
        assert_eq!(
            target["selector"][1],
            json!({"type": "TextPositionSelector", "start": 80, "end": 86})
        );
        assert_eq!(said[1]["target"]["selector"].as_array().unwrap().len(), 1);

        let path = format!("/v1/moderation/threads/{thread}");
        app.patch(&path, json!({"hidden": true}))
            .bearer(&app.admin)
            .send()
            .is(200);
        assert_eq!(get(app, &list)["total"], 0);
        assert_eq!(
            get(app, &format!("{list}?page=comments"))["items"],
            json!([])
        );
    });
}

#[test]
fn long_collections_come_in_pages() {
    let model = Model::read();
    on_both(|app| {
        let thread = write_page(app);
        for n in 0..101 {
            let words =
                json!({"exact": format!("words {n}"), "question": format!("Question {n}?")});
            plant(app, &thread, &format!("q{n}"), words);
            remark(
                app,
                &format!("Answer {n}"),
                json!({"exact": "x", "key": format!("q{n}")}),
            );
        }
        let collection = get(app, &format!("/v1/threads/{thread}/annotations"));
        assert_eq!(collection["total"], 202);
        let mut sizes = Vec::new();
        let mut next = collection["first"]["id"].clone();
        let mut all = Vec::new();
        while next.is_string() {
            let page = get(app, &path(app, &next));
            assert_eq!(page["id"], next);
            let items = model.page(&page);
            sizes.push(items.len());
            all.extend(
                items
                    .iter()
                    .map(|one| one["body"]["value"].as_str().unwrap().to_owned()),
            );
            next = page["next"].clone();
        }
        assert_eq!(sizes, [100, 1, 100, 1]);
        let expected = (0..101).map(|n| format!("Question {n}?"));
        let expected: Vec<_> = expected
            .chain((0..101).map(|n| format!("<p>Answer {n}</p>\n")))
            .collect();
        assert_eq!(all, expected);
    });
}

#[test]
fn what_is_no_page_is_refused() {
    let model = Model::read();
    on_both(|app| {
        let thread = write_page(app);
        let empty = app.page("b")["thread"]["id"].as_str().unwrap().to_owned();
        for id in [&thread, &empty] {
            let list = format!("/v1/threads/{id}/annotations");
            app.get(&format!("{list}?page=x"))
                .send()
                .refuses(400, "invalid_cursor");
            app.get(&format!("{list}?page=comments&page=comments"))
                .send()
                .refuses(400, "invalid_query");
            model.fits(&model.collection, &get(app, &list));
            assert_eq!(
                model
                    .page(&get(app, &format!("{list}?page=questions")))
                    .len(),
                0
            );
        }
        for id in ["x", "019caa1c-3b52-7d0e-9c41-5a8e2f7d1b03"] {
            app.get(&format!("/v1/threads/{id}/annotations"))
                .send()
                .refuses(404, "not_found");
        }
    });
}
