//! Answers made at random, from the good ones.

use proptest::{
    collection::vec,
    prelude::{Just, any},
    prop_oneof,
    sample::{Index, select},
    strategy::{BoxedStrategy, Strategy},
};
use serde_json::{Map, Value, json};

use super::super::spoil::{self, Change, places};

/// Literals that say nothing; the last three are no JSON.
const RUBBISH: [&str; 16] = [
    "null",
    "true",
    "false",
    "{}",
    "[]",
    "[[]]",
    r#""""#,
    r#"" ""#,
    r#""NaN""#,
    r#""no such word""#,
    "-1",
    "-0.5",
    "1000000000",
    "NaN",
    "1e400",
    "Infinity",
];
/// Values that are each something's edge.
const EDGES: [&str; 16] = [
    "0",
    "-0",
    "1",
    "19.999999999999996",
    "20",
    "100",
    "100.00000000000001",
    "9007199254740993",
    "5e-324",
    "1e3",
    r#""\u0000""#,
    r#""💥 \u202e""#,
    r#""2026-02-30""#,
    r#""../..""#,
    r#"{"success": false}"#,
    "[null]",
];
const MAX_EDITS: usize = 4;

/// What is done to one place of a document.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    place: Index,
    change: Change,
}

/// Where each ladder stands, and which one is climbed how far.
#[derive(Debug, Clone)]
pub(super) struct Step {
    stands: Vec<Index>,
    climbs: Index,
    to: Index,
}

/// Ladders whose place is there.
pub(super) struct Ladders {
    ladders: Vec<(String, Vec<Value>)>,
}

// === impl Edit ===

impl Edit {
    /// The text of `body` after all edits; the last may leave no JSON.
    pub(super) fn apply(edits: &[Self], body: &Value) -> String {
        let mut text = body.to_string();
        for edit in edits {
            let Ok(document) = serde_json::from_str::<Value>(&text) else { break };
            let places = places(&document);
            if places.is_empty() {
                break;
            }
            let place: &String = edit.place.get(&places);
            text = spoil::spoilt(&document, place, &edit.change);
        }
        text
    }
}

/// One to four edits that put one of `changes` anywhere.
pub(super) fn edits(changes: impl Strategy<Value = Change>) -> impl Strategy<Value = Vec<Edit>> {
    let edit = (any::<Index>(), changes).prop_map(|(place, change)| Edit { place, change });
    vec(edit, 1..=MAX_EDITS)
}

/// Any change: rubbish, edges, what stands elsewhere in `body`, and small documents.
pub(super) fn anything(body: &Value) -> impl Strategy<Value = Change> + use<> {
    let elsewhere: Vec<Value> =
        places(body).iter().filter_map(|place| body.pointer(place).cloned()).collect();
    let elsewhere = if elsewhere.is_empty() { vec![Value::Null] } else { elsewhere };
    let edges = EDGES.map(Change::literal).to_vec();
    let written = |value: Value| Change::literal(&value.to_string());
    prop_oneof![
        2 => rubbish(),
        2 => select(edges),
        2 => select(elsewhere).prop_map(written),
        1 => documents(body).prop_map(written),
    ]
}

/// Changes that leave nothing of use.
pub(super) fn rubbish() -> impl Strategy<Value = Change> {
    let literals = RUBBISH.map(Change::literal).to_vec();
    prop_oneof![1 => Just(Change::Removed), 6 => select(literals)]
}

/// Any JSON, with keys and values that also stand in `body`.
pub(super) fn documents(body: &Value) -> BoxedStrategy<Value> {
    let (mut keys, mut leaves) =
        (vec!["key".to_owned()], vec![Value::Null, json!(0), json!(true), json!("LOW")]);
    for place in places(body) {
        let last = place.rsplit('/').next().unwrap_or_default();
        keys.push(last.replace("~1", "/").replace("~0", "~"));
        leaves.extend(body.pointer(&place).filter(|value| !value.is_object() && !value.is_array()).cloned());
    }
    let leaf = prop_oneof![
        4 => select(leaves),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
    ];
    let keys = select(keys);
    leaf.prop_recursive(4, 48, 6, move |inner| {
        let fields = vec((keys.clone(), inner.clone()), 0..6);
        let object = fields.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>()));
        prop_oneof![3 => object, 1 => vec(inner, 0..4).prop_map(Value::Array)]
    })
    .boxed()
}

/// Numbers by which fields are put into another order.
pub(super) fn orders() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 1..64)
}

/// `body` as text, each object's fields in an order that `order` decides.
pub(super) fn reordered(body: &Value, order: &[Index]) -> String {
    let mut numbers = order.iter().cycle();
    let mut text = String::new();
    write(body, &mut numbers, &mut text);
    text
}

fn write<'a>(value: &Value, numbers: &mut impl Iterator<Item = &'a Index>, text: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut left: Vec<(&String, &Value)> = fields.iter().collect();
            text.push('{');
            while let Some(number) = numbers.next().filter(|_| !left.is_empty()) {
                let (key, field) = left.remove(number.index(left.len()));
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write(field, numbers, text);
                if !left.is_empty() {
                    text.push(',');
                }
            }
            text.push('}');
        }
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write(item, numbers, text);
            }
            text.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
    }
}

// === impl Ladders ===

impl Ladders {
    /// # Errors
    ///
    /// When a ladder's place is not in `body`, or one of its literals is no JSON.
    pub(super) fn new(told: &[(String, Vec<String>)], body: &Value) -> Result<Self, String> {
        let mut ladders = Vec::new();
        for (pointer, literals) in told {
            body.pointer(pointer)
                .ok_or_else(|| format!("no ladder can stand at {pointer}: nothing is there"))?;
            let literals = literals.iter().map(|literal| serde_json::from_str(literal));
            let literals = literals.collect::<Result<Vec<Value>, _>>();
            ladders.push((
                pointer.clone(),
                literals.map_err(|error| format!("the ladder at {pointer}: {error}"))?,
            ));
        }
        Ok(Self { ladders })
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.ladders.is_empty()
    }

    pub(super) fn steps(&self) -> impl Strategy<Value = Step> + use<> {
        let stands = vec(any::<Index>(), self.ladders.len());
        (stands, any::<Index>(), any::<Index>()).prop_map(|(stands, climbs, to)| Step { stands, climbs, to })
    }

    /// The answer before and after a step, and what was climbed.
    pub(super) fn bodies(&self, step: &Step, body: &Value) -> (String, String, String) {
        let (climbed, mut before) = (step.climbs.index(self.ladders.len()), body.clone());
        let (mut after, mut name) = (body.clone(), String::new());
        for (number, ((pointer, literals), stand)) in self.ladders.iter().zip(&step.stands).enumerate() {
            if literals.is_empty() {
                continue;
            }
            let one = stand.index(literals.len());
            let other = if number == climbed { step.to.index(literals.len()) } else { one };
            let (lower, higher) = (literals.get(one.min(other)), literals.get(one.max(other)));
            set(&mut before, pointer, lower);
            set(&mut after, pointer, higher);
            if number == climbed {
                let text = |value: Option<&Value>| value.map(ToString::to_string).unwrap_or_default();
                name = format!("{pointer} from {} to {}", text(lower), text(higher));
            }
        }
        name = format!("{name} in {before}");
        (before.to_string(), after.to_string(), name)
    }
}

fn set(body: &mut Value, pointer: &str, literal: Option<&Value>) {
    if let (Some(place), Some(literal)) = (body.pointer_mut(pointer), literal) {
        *place = literal.clone();
    }
}
