//! As much of JSON Schema as the document uses, to hold answers against it. A property that is not declared is
//! a violation, too: callers cannot rely on what nobody told them.

use serde_json::{Map, Value};

/// An OpenAPI document.
pub(crate) struct Document(Value);

// === impl Document ===

impl Document {
    pub(crate) const fn new(document: Value) -> Self {
        Self(document)
    }

    /// Everything in which `value` is not what the endpoint declares for this status.
    pub(crate) fn violations(&self, method: &str, path: &str, status: u16, value: &Value) -> Vec<String> {
        let responses = &self.0["paths"][path][method]["responses"];
        let Some(response) = responses.get(status.to_string()) else {
            return vec![format!("{method} {path} declares no {status}")];
        };
        let content = response["content"].as_object().expect("content");
        // Of several, the one that answers are checked as.
        let schema = content.get("application/json").or_else(|| content.values().next());
        let schema = &schema.expect("a media type")["schema"];
        let mut found = Vec::new();
        self.check(schema, value, "$", &mut found);
        found
    }

    /// References that lead nowhere.
    pub(crate) fn dangling(&self) -> Vec<String> {
        let mut references = Vec::new();
        collect(&self.0, &mut references);
        references.retain(|reference| self.at(reference).is_none());
        references
    }

    fn at(&self, reference: &str) -> Option<&Value> {
        self.0.pointer(reference.strip_prefix('#')?)
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
        if let Some(reference) = schema["$ref"].as_str() {
            return self.check(self.at(reference).expect("a schema"), value, place, found);
        }
        if !has_type(&schema["type"], value) {
            found.push(format!("{place} is {value}, not of type {}", schema["type"]));
            return;
        }
        if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
            found.push(format!("{place} is {value}, none of {words:?}"));
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                let fits = |schema: &&Value| self.fits(schema, value, place);
                if choices.iter().filter(fits).count() == 0 {
                    found.push(format!("{place} is {value}, none of {choice}"));
                }
            }
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.check(part, value, place, found);
        }
        if let Some(object) = value.as_object() {
            self.check_object(schema, object, place, found);
        }
        if let (Some(items), Some(list)) = (schema.get("items"), value.as_array()) {
            for (index, item) in list.iter().enumerate() {
                self.check(items, item, &format!("{place}[{index}]"), found);
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value, place: &str) -> bool {
        let mut found = Vec::new();
        self.check(schema, value, place, &mut found);
        found.is_empty()
    }

    fn check_object(
        &self,
        schema: &Value,
        object: &Map<String, Value>,
        place: &str,
        found: &mut Vec<String>,
    ) {
        for required in schema["required"].as_array().into_iter().flatten() {
            if !object.contains_key(required.as_str().expect("a name")) {
                found.push(format!("{place} lacks {required}"));
            }
        }
        let Some(properties) = schema["properties"].as_object() else {
            if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
                for (name, value) in object {
                    self.check(others, value, &format!("{place}.{name}"), found);
                }
            }
            return;
        };
        for (name, value) in object {
            match properties.get(name) {
                Some(schema) => self.check(schema, value, &format!("{place}.{name}"), found),
                None => found.push(format!("{place}.{name} is not declared")),
            }
        }
    }
}

fn has_type(declared: &Value, value: &Value) -> bool {
    let is = |name: &Value| match name.as_str().expect("a type") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("no such type: {other}"),
    };
    match declared.as_array() {
        Some(names) => names.iter().any(is),
        None => declared.is_null() || is(declared),
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|inner| collect(inner, references));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, references)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
