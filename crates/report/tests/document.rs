//! The JSON: it holds to the published schema, reads back the same, and is there for every result.

mod fixtures;

use serde_json::Value;
use shakedown_report::json;
use shakedown_schema::v1::Document;

fn every_report() -> Vec<(&'static str, shakedown_model::Report)> {
    let mut all = fixtures::all();
    all.push(("nothing", fixtures::report("check")));
    all.push(("everything", fixtures::everywhere("x\u{1b}\\y")));
    all
}

#[test]
fn a_document_reads_back_the_same() {
    for (name, report) in every_report() {
        let text = json(&report);
        let document: Document = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = serde_json::to_string_pretty(&document).unwrap();
        let (left, right): (Value, Value) =
            (serde_json::from_str(&text).unwrap(), serde_json::from_str(&again).unwrap());
        assert_eq!(left, right, "{name}");
        assert_eq!(document.schema, "shakedown/1");
    }
}

#[test]
fn keys_that_a_reader_does_not_know_are_ignored() {
    let mut value: Value = serde_json::from_str(&json(&fixtures::configured_out())).unwrap();
    add_unknown_keys(&mut value);
    value["pairs"][0]["outcome"]["agreed"] =
        serde_json::json!({"kex": "a", "mac_c2s": null, "child": {"esn": "noesn"}});
    let document: Document = serde_json::from_value(value).unwrap();
    assert_eq!(document.diagnoses[0].cause, "no-common-kex");
    assert_eq!(document.pairs[0].outcome.agreed.get("kex"), Some("a"));
}

fn add_unknown_keys(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(add_unknown_keys);
            // `agreed` and `refused` are maps from a slot, not structs.
            if !map.is_empty() && (!map.contains_key("kex") || map.contains_key("role")) {
                map.insert("added_later".into(), serde_json::json!([1]));
            }
        }
        Value::Array(list) => list.iter_mut().for_each(add_unknown_keys),
        _ => {}
    }
}

#[test]
fn the_shape_is_the_published_one() {
    insta::assert_snapshot!("json_configured_out", json(&fixtures::configured_out()));
    insta::assert_snapshot!("json_unknown", json(&fixtures::unknown()));
}

#[test]
fn every_document_holds_to_the_published_schema() {
    let schema = shakedown_schema::json_schema().to_value();
    for (name, report) in every_report() {
        let value: Value = serde_json::from_str(&json(&report)).unwrap();
        let mut wrong = Vec::new();
        check(&schema, &schema, &value, "", &mut wrong);
        assert!(wrong.is_empty(), "{name}: {wrong:#?}");
    }
}

#[test]
fn the_check_itself_finds_what_is_wrong() {
    let schema = shakedown_schema::json_schema().to_value();
    let mut value: Value = serde_json::from_str(&json(&fixtures::configured_out())).unwrap();
    value["diagnoses"][0]["side"] = "elsewhere".into();
    value["fixes"][0]["edits"][0]["start"] = "1".into();
    value.as_object_mut().unwrap().remove("command");
    let mut wrong = Vec::new();
    check(&schema, &schema, &value, "", &mut wrong);
    assert_eq!(wrong.len(), 3, "{wrong:#?}");
}

/// The part of JSON Schema that the published schema uses.
fn check(root: &Value, schema: &Value, value: &Value, path: &str, wrong: &mut Vec<String>) {
    for (key, rule) in schema.as_object().into_iter().flatten() {
        match key.as_str() {
            "$ref" => {
                let pointer = rule.as_str().unwrap().trim_start_matches('#');
                check(root, root.pointer(pointer).expect("a definition"), value, path, wrong);
            }
            "type" => {
                let types: Vec<&str> = match rule {
                    Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                    one => one.as_str().into_iter().collect(),
                };
                if !types.iter().any(|name| is_a(value, name)) {
                    wrong.push(format!("{path}: {value} is not {types:?}"));
                }
            }
            "const" if rule != value => wrong.push(format!("{path}: {value} is not {rule}")),
            "enum" if !rule.as_array().unwrap().contains(value) => {
                wrong.push(format!("{path}: {value} is not of {rule}"))
            }
            "anyOf" | "oneOf" => {
                let fits = rule.as_array().unwrap().iter().any(|one| {
                    let mut inner = Vec::new();
                    check(root, one, value, path, &mut inner);
                    inner.is_empty()
                });
                if !fits {
                    wrong.push(format!("{path}: {value} fits none of {rule}"));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap().iter().filter_map(Value::as_str) {
                    if value.is_object() && value.get(name).is_none() {
                        wrong.push(format!("{path}: {name} is missing"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        check(root, inner, value, &format!("{path}.{name}"), wrong);
                    }
                }
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    check(root, rule, value, &format!("{path}[{index}]"), wrong);
                }
            }
            "additionalProperties" if schema.get("properties").is_none() => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    check(root, rule, value, &format!("{path}.{name}"), wrong);
                }
            }
            "minimum" if value.as_f64() < rule.as_f64() && value.is_number() => {
                wrong.push(format!("{path}: {value} < {rule}"))
            }
            "maximum" if value.as_f64() > rule.as_f64() && value.is_number() => {
                wrong.push(format!("{path}: {value} > {rule}"))
            }
            "const"
            | "enum"
            | "minimum"
            | "maximum"
            | "additionalProperties"
            | "$schema"
            | "$defs"
            | "title"
            | "description"
            | "format"
            | "default" => {}
            other => panic!("the schema uses `{other}`, which this test cannot check"),
        }
    }
}

fn is_a(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}
