use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What was agreed: a JSON object from slot to name, in the order of the slots; `null` where the slot is not used, as
/// the MAC beside an AEAD cipher. Of IKE the object `child` in it has what was agreed for the CHILD SA.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreed(pub Vec<(String, Option<String>)>, pub Option<Vec<(String, Option<String>)>>);

/// Slots with the name agreed for each.
pub(super) type Slots = Vec<(String, Option<String>)>;

impl Agreed {
    /// The name agreed for a slot.
    pub fn get(&self, slot: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == slot).and_then(|(_, name)| name.as_deref())
    }
}

impl Serialize for Agreed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (slot, name) in &self.0 {
            map.serialize_entry(slot, name)?;
        }
        if let Some(child) = &self.1 {
            map.serialize_entry("child", &Self(child.clone(), None))?;
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
        let (mut agreed, mut child) = (Vec::new(), None);
        while let Some((slot, value)) = map.next_entry::<String, serde_json::Value>()? {
            // A later version may put other things here; this one passes over them.
            match value {
                serde_json::Value::Object(inner) if slot == "child" => {
                    let names = inner.into_iter().filter(|(_, name)| name.is_string() || name.is_null());
                    child = Some(names.map(|(slot, name)| (slot, name.as_str().map(str::to_owned))).collect());
                }
                serde_json::Value::Null => agreed.push((slot, None)),
                serde_json::Value::String(name) => agreed.push((slot, Some(name))),
                _ => {}
            }
        }
        Ok(Agreed(agreed, child))
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
            "properties": {
                "child": {
                    "description": "IKE: what was agreed for the CHILD SA.",
                    "type": "object",
                    "additionalProperties": { "type": ["string", "null"] }
                }
            },
            "additionalProperties": { "type": ["string", "null"] }
        })
    }
}
