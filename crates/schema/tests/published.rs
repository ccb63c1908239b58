//! The published schema is the one that the types give.

#[test]
fn the_published_schema_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/shakedown-1.schema.json");
    let published = std::fs::read_to_string(path).expect("the schema is published in the repository");
    assert!(
        published == shakedown_schema::generate(),
        "run `cargo xtask generate`: {} differs",
        shakedown_schema::FILE
    );
}

#[test]
fn every_property_is_described() {
    let schema = shakedown_schema::json_schema().to_value();
    let mut missing = Vec::new();
    let definitions = schema["$defs"].as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value));
    for (name, definition) in definitions.chain([("Document", &schema)]) {
        for (key, property) in definition["properties"].as_object().into_iter().flatten() {
            if property["description"].is_null() {
                missing.push(format!("{name}.{key}"));
            }
        }
    }
    assert!(missing.is_empty(), "no description: {missing:?}");
}
