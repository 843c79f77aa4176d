//! Holds answers against `openapi.yaml`, so that the contract cannot drift from what is served.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

use crate::support::Answer;

static CONTRACT: OnceLock<Value> = OnceLock::new();
static VALIDATORS: Mutex<Option<HashMap<String, std::sync::Arc<Validator>>>> = Mutex::new(None);

/// The whole contract.
pub fn contract() -> &'static Value {
    CONTRACT.get_or_init(|| {
        serde_yaml_ng::from_str(include_str!("../../openapi.yaml")).expect("openapi.yaml is YAML")
    })
}

/// Fails unless the contract knows the operation, the status and the type, and the body fits.
#[track_caller]
pub fn check(method: &str, path: &str, answer: &Answer) {
    let Some((pattern, item)) = item(path) else {
        return;
    };
    let method = method.to_lowercase();
    let operation = match method.as_str() {
        "head" => &item["get"],
        other => &item[other],
    };
    if operation.is_null() {
        assert!(
            [204, 405].contains(&answer.status),
            "{method} {pattern} is not in the contract"
        );
        return;
    }
    let status = answer.status.to_string();
    let response = resolve(&operation["responses"][&status]);
    // What any operation may answer is described once, in the introduction.
    if response.is_null() && [405, 500].contains(&answer.status) {
        let problem = json!({"$ref": "#/components/schemas/Problem"});
        let problem = validator("any problem", &problem);
        assert!(
            problem.is_valid(&answer.body) || method == "head",
            "{method} {pattern} {status} is no problem: {}",
            answer.text()
        );
        return;
    }
    assert!(
        !response.is_null(),
        "{method} {pattern} answers {status}: {}",
        answer.text()
    );
    let kind = answer
        .header("content-type")
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned();
    let content = &response["content"];
    if content.is_null() || method == "head" {
        assert!(
            answer.raw.is_empty(),
            "{method} {pattern} {status} has a body: {}",
            answer.text()
        );
        return;
    }
    let media = &content[&kind];
    assert!(
        !media.is_null(),
        "{method} {pattern} {status} is not described as {kind}"
    );
    if kind.ends_with("/json") || kind.ends_with("+json") {
        let name = format!("{method} {pattern} {status}");
        let validator = validator(&name, &media["schema"]);
        let errors: Vec<String> = validator
            .iter_errors(&answer.body)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:#?}\n{:#}", answer.body);
    }
    for (header, description) in response["headers"].as_object().into_iter().flatten() {
        if resolve(description)["required"] == true {
            assert_ne!(
                answer.header(header),
                "",
                "{method} {pattern} {status} lacks {header}"
            );
        }
    }
}

/// The path item that a path belongs to: the one with the fewest placeholders.
fn item(path: &str) -> Option<(&'static str, &'static Value)> {
    let paths = contract()["paths"].as_object().expect("paths");
    let fits = |pattern: &str| {
        let (pattern, path): (Vec<_>, Vec<_>) =
            (pattern.split('/').collect(), path.split('/').collect());
        pattern.len() == path.len()
            && pattern
                .iter()
                .zip(path)
                .all(|(own, given)| own.starts_with('{') || *own == given)
    };
    paths
        .iter()
        .filter(|(pattern, _)| fits(pattern))
        .min_by_key(|(pattern, _)| pattern.matches('{').count())
        .map(|(pattern, item)| (pattern.as_str(), item))
}

/// What a reference within the contract leads to; anything else itself.
pub fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => {
            let pointer = reference
                .strip_prefix('#')
                .expect("a reference within the file");
            contract()
                .pointer(pointer)
                .expect("the reference leads somewhere")
        }
        None => value,
    }
}

fn validator(name: &str, schema: &Value) -> std::sync::Arc<Validator> {
    let mut validators = VALIDATORS.lock().unwrap_or_else(PoisonError::into_inner);
    let validators = validators.get_or_insert_default();
    if let Some(known) = validators.get(name) {
        return known.clone();
    }
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "allOf": [schema],
        "components": contract()["components"],
    });
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    let validator = std::sync::Arc::new(validator);
    validators.insert(name.to_owned(), validator.clone());
    validator
}
