use schemars::generate::SchemaSettings;

use crate::v1;

/// The path of the generated schema below the repository's root.
pub const FILE: &str = "schema/shakedown-1.schema.json";

/// The JSON Schema (draft 2020-12) of [`v1::Document`], as it is written. The documents about changes that were made,
/// [`v1::Changes`] and [`v1::Exceptions`], and those of the lab, are among its definitions.
pub fn json_schema() -> schemars::Schema {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.subschema_for::<v1::Changes>();
    generator.subschema_for::<v1::Exceptions>();
    generator.subschema_for::<v1::LabList>();
    generator.subschema_for::<v1::LabRun>();
    generator.subschema_for::<v1::Demo>();
    let mut schema = generator.into_root_schema_for::<v1::Document>();
    schema.insert("title".to_owned(), "shakedown/1".into());
    schema
}

/// The contents of [`FILE`].
pub fn generate() -> String {
    let mut text = serde_json::to_string_pretty(&json_schema().to_value()).unwrap_or_default();
    text.push('\n');
    text
}
