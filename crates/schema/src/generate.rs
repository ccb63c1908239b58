use schemars::generate::SchemaSettings;

use crate::v1;

/// The path of the generated schema below the repository's root.
pub const FILE: &str = "schema/shakedown-1.schema.json";

/// The JSON Schema (draft 2020-12) of [`v1::Document`], as it is written.
pub fn json_schema() -> schemars::Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<v1::Document>();
    schema.insert("title".to_owned(), "shakedown/1".into());
    schema
}

/// The contents of [`FILE`].
pub fn generate() -> String {
    let mut text = serde_json::to_string_pretty(&json_schema().to_value()).unwrap_or_default();
    text.push('\n');
    text
}
