//! Pages of the assessment list: ten items each, addressed by absolute URLs.

use serde_json::{Map, Value, json};

use crate::asked::Asked;

const PAGE_SIZE: usize = 10;

/// What an item of the list tells of its assessment. Neither score nor profile is among it.
const SHOWN: &[&str] = &["id", "name", "riskLevel", "createdAt", "updateRequired"];

/// The page that was asked for; `None` when there is no such page. The first always exists.
pub(super) fn listing(assessments: &[Value], asked: &Asked) -> Option<Value> {
    let pages = assessments.len().div_ceil(PAGE_SIZE).max(1);
    let page: usize = asked.query("page").unwrap_or("1").parse().ok()?;
    if !(1..=pages).contains(&page) {
        return None;
    }
    let results: Value = assessments.iter().skip((page - 1) * PAGE_SIZE).take(PAGE_SIZE).map(item).collect();
    Some(json!({
        "count": assessments.len(),
        "next": (page < pages).then(|| address(asked, page + 1)),
        "previous": (page > 1).then(|| address(asked, page - 1)),
        "results": results,
    }))
}

fn item(assessment: &Value) -> Value {
    let shown = SHOWN.iter().filter_map(|key| Some(((*key).to_owned(), assessment.get(key)?.clone())));
    Value::Object(shown.collect::<Map<_, _>>())
}

fn address(asked: &Asked, page: usize) -> String {
    let host = asked.host().unwrap_or("localhost");
    let base = format!("http://{host}{}", asked.uri.path());
    if page == 1 { base } else { format!("{base}?page={page}") }
}
