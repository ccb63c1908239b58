use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What was agreed: a JSON object from slot to name, in the order of the slots; `null` where the slot is not used, as
/// the MAC beside an AEAD cipher.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed(pub Vec<(String, Option<String>)>);

impl Agreed {
    /// The name agreed for a slot.
    pub fn get(&self, slot: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == slot).and_then(|(_, name)| name.as_deref())
    }
}

impl Serialize for Agreed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (slot, name) in &self.0 {
            map.serialize_entry(slot, name)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Agreed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AgreedVisitor)
    }
}

struct AgreedVisitor;

impl<'de> Visitor<'de> for AgreedVisitor {
    type Value = Agreed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object from slot to name or null")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Agreed, A::Error> {
        let mut agreed = Vec::new();
        while let Some((slot, value)) = map.next_entry::<String, serde_json::Value>()? {
            // A later version may put an object here (the CHILD SA of IKE); this one passes over it.
            match value {
                serde_json::Value::Null => agreed.push((slot, None)),
                serde_json::Value::String(name) => agreed.push((slot, Some(name))),
                _ => {}
            }
        }
        Ok(Agreed(agreed))
    }
}

impl JsonSchema for Agreed {
    fn schema_name() -> Cow<'static, str> {
        "Agreed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "What was agreed: from slot to name; null where the slot is not used, as the MAC beside an AEAD cipher.",
            "type": "object",
            "additionalProperties": { "type": ["string", "null"] }
        })
    }
}
