//! Which of two providers is better: the report, and the pairs behind it.

pub(super) mod drift;
mod report;
mod table;

use std::{collections::BTreeMap, time::Duration};

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use risk_provider::{CountryCode, Level, ProviderName};

use report::Comparison;
use table::PairTable;

use super::{
    Api,
    auth::Caller,
    problem::{KeyRefusals, Problem},
    query::{Parameters, one_of},
};
use crate::{
    cache::KeyMaker,
    compare::{Context, Report, Settings},
    comparing::{self, Countries, DEFAULT_WINDOW, LEAST_WINDOW, MAX_WINDOW, SegmentKey, Selection, Silent},
    keys::Scope,
    outcomes::OutcomeType,
};

const CSV: &str = "text/csv";
const PARAMETERS: &[&str] = &[
    "left",
    "right",
    "from",
    "to",
    "window",
    "segment",
    "positive",
    "flag_level",
    "capacity",
    "margin",
    "confidence",
];

/// Compare two providers.
///
/// On your team's own subjects: pairs of answers to the same question, from shadows, consensus, rechecks and imports,
/// held against the outcomes that your team recorded after they were asked for. `funnel` says why other answers are no pairs. A figure that
/// cannot be given is null with its reason; without enough outcomes nobody wins.
///
/// With `Accept: text/csv` the pairs themselves: a line each, from which every figure can be recomputed but those of the
/// funnel, the service, costs and blinding; whom a side left without an answer it does not hold. Neither form holds a reference or anything personal.
#[utoipa::path(
    get,
    path = "/v1/comparisons",
    tag = "comparisons",
    params(
        ("left" = String, Query, description = "The incumbent: a configured provider"),
        ("right" = String, Query, description = "The challenger: another one"),
        ("from" = Option<String>, Query, description = "Pairs made then or later: a day in UTC or a time"),
        ("to" = Option<String>, Query, description = "Pairs made until the end of that day, or before that time"),
        ("window" = Option<String>, Query, description = "How far apart in time two answers of a pair may be, such as 24h (the default) or 7d"),
        ("segment" = Option<SegmentKey>, Query, description = "By what to divide the pairs"),
        ("positive" = Option<String>, Query, description = "The outcomes that make a subject a case, with commas between them; every one but cleared when left out"),
        ("flag_level" = Option<Level>, Query, description = "From this level on a subject is flagged; high when left out"),
        ("capacity" = Option<f64>, Query, description = "The share of labelled subjects that can be investigated; 0.1 when left out"),
        ("margin" = Option<f64>, Query, description = "The smallest difference between two areas under the curve that is worth acting upon; 0.02 when left out"),
        ("confidence" = Option<f64>, Query, description = "How sure intervals are; 0.95 when left out"),
    ),
    security(("key" = [])),
    responses(
        (status = 200, description = "The report, or its pairs", content(
            (Comparison = "application/json"), (String = "text/csv"),
        )),
        (status = 400, description = "An unknown parameter", body = Problem, content_type = "application/problem+json"),
        KeyRefusals,
        (status = 422, description = "Parameters to mend", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn read(
    State(api): State<Api>,
    caller: Caller,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    caller.needs(Scope::Compare)?;
    let (selection, settings) = wanted(&api, &caller, query.as_deref())?;
    if wants_csv(&headers) {
        return table(&api, &selection).await.map(varied);
    }
    report(&api, selection, settings).await.map(IntoResponse::into_response).map(varied)
}

/// Another `Accept` has another answer.
fn varied(mut response: Response) -> Response {
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept"));
    response
}

async fn report(
    api: &Api,
    selection: Selection,
    settings: Settings,
) -> Result<axum::Json<Comparison>, Problem> {
    let countries = countries(api, &selection);
    let gathering = comparing::gather(&api.0.store, &selection, &countries, |_| true, |_, _| {});
    let paid = |provider: &ProviderName, operation: &str| {
        let provider = api.0.assessor.provider(provider.as_str());
        let mut operations = provider.into_iter().flat_map(|it| it.adapter.descriptor().operations);
        operations.any(|known| known.paid && known.name == operation)
    };
    let serving = comparing::served(&api.0.store, &selection, paid, settings.confidence);
    let (gathered, (service, spent)) =
        futures_util::future::try_join(gathering, serving).await.map_err(Problem::unreadable)?;
    let context = Context {
        left: selection.left.to_string(),
        right: selection.right.to_string(),
        funnel: gathered.funnel,
        unpaired: Silent::count(&gathered.silent),
        service,
        versions: Selection::versions(&gathered.periods),
        notes: report::notes(&gathered.periods, gathered.blinding, gathered.known_before),
    };
    let pairs = gathered.pairs;
    // It takes a processor for a while, which requests must not wait for.
    let report = tokio::task::spawn_blocking(move || Report::of(&pairs, &settings, context)).await;
    let report = report.map_err(|_panicked| Problem::internal())?;
    Ok(axum::Json(Comparison::of(report, &selection, gathered.periods, gathered.blinding, &spent)))
}

async fn table(api: &Api, selection: &Selection) -> Result<Response, Problem> {
    let countries = countries(api, selection);
    let mut table = PairTable::new();
    let each = |pair: &comparing::ComparedPair, row: &crate::compare::Pair<'_>| table.add(pair, row);
    comparing::gather(&api.0.store, selection, &countries, |_| true, each)
        .await
        .map_err(Problem::unreadable)?;
    let text = table.text().ok_or_else(Problem::internal)?;
    Ok(([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], text).into_response())
}

/// What is to be compared, and what figures take for granted.
fn wanted(api: &Api, caller: &Caller, query: Option<&str>) -> Result<(Selection, Settings), Problem> {
    let mut given = Parameters::read(query, PARAMETERS)?;
    let (selection, settings) = (selection(api, caller, &mut given), settings(&mut given));
    given.checked()?;
    Ok((selection, settings))
}

fn selection(api: &Api, caller: &Caller, given: &mut Parameters) -> Selection {
    let known: Vec<&str> = api.0.assessor.providers().map(|provider| provider.name().as_str()).collect();
    let mut provider = |name: &'static str| {
        let Some(text) = given.text(name) else {
            given.refuse(name, format!("is required: give one of {}", known.join(", ")));
            return ProviderName::new("");
        };
        let found = one_of(&text, &known, |text| api.0.assessor.provider(text).map(|it| it.name().clone()));
        found.unwrap_or_else(|detail| {
            given.refuse(name, detail);
            ProviderName::new("")
        })
    };
    let (left, right) = (provider("left"), provider("right"));
    if left == right && !left.as_str().is_empty() {
        given.refuse("right", "must be another provider than left");
    }
    let (from, to) = given.span();
    Selection {
        team: caller.tenant.clone(),
        left,
        right,
        from,
        to,
        window: given.parsed("window", window).unwrap_or(DEFAULT_WINDOW),
        segment: given.parsed("segment", |text| {
            one_of(text, &SegmentKey::ALL.map(SegmentKey::as_str), SegmentKey::from_word)
        }),
        positive: given
            .parsed("positive", positive)
            .unwrap_or_else(|| OutcomeType::ALL.into_iter().filter(|kind| kind.is_bad()).collect()),
        told_until: None,
    }
}

fn settings(given: &mut Parameters) -> Settings {
    let number = |text: &str| text.parse::<f64>().map_err(|_unreadable| "must be a number".to_owned());
    let defaults = Settings::default();
    let settings = Settings {
        flag_level: given
            .parsed("flag_level", |text| {
                let level = |text: &str| Level::ALL.into_iter().find(|level| level.as_str() == text);
                one_of(text, &Level::ALL.map(Level::as_str), level)
            })
            .unwrap_or(defaults.flag_level),
        capacity: given.parsed("capacity", number).unwrap_or(defaults.capacity),
        margin: given.parsed("margin", number).unwrap_or(defaults.margin),
        confidence: given.parsed("confidence", number).unwrap_or(defaults.confidence),
        everybody: true,
        ..defaults
    };
    settings.checked().unwrap_or_else(|unusable| {
        given.refuse(unusable.name, format!("must be {}", unusable.range));
        Settings::default()
    })
}

fn window(text: &str) -> Result<Duration, String> {
    let length = humantime::parse_duration(text).ok();
    let length =
        length.filter(|length| length.subsec_nanos() == 0 && (LEAST_WINDOW..=MAX_WINDOW).contains(length));
    let wanted = "must be a number and a unit, such as 15m, 24h or 7d: whole seconds, from one to a year";
    length.ok_or_else(|| wanted.to_owned())
}

fn positive(text: &str) -> Result<Vec<OutcomeType>, String> {
    let words = OutcomeType::ALL.map(OutcomeType::as_str);
    text.split(',').map(|word| one_of(word.trim(), &words, OutcomeType::from_word)).collect()
}

/// Every country by its keyed hash, where countries are asked for.
fn countries(api: &Api, selection: &Selection) -> Countries {
    if selection.segment != Some(SegmentKey::Country) {
        return BTreeMap::new();
    }
    all_countries(&KeyMaker::new(std::sync::Arc::clone(&api.0.hash_key)))
}

/// Every country by its keyed hash.
pub(super) fn all_countries(keys: &KeyMaker) -> Countries {
    let letters = || 'A'..='Z';
    let codes = letters().flat_map(|first| letters().map(move |second| format!("{first}{second}")));
    let known = codes.filter_map(|code| CountryCode::parse(&code).ok());
    known.map(|country| (keys.country(country), country.as_str())).collect()
}

/// Whether a table is preferred to a report, by the weights of RFC 9110; a report where both are wanted alike.
fn wants_csv(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges: Vec<(String, f64)> = values.flat_map(|value| value.split(',')).filter_map(range).collect();
    let weight = |names: [&str; 3]| {
        let named = |name: &&str| ranges.iter().find(|(range, _)| range == name).map(|(_, weight)| *weight);
        names.iter().find_map(named).unwrap_or_default()
    };
    weight([CSV, "text/*", "*/*"]) > weight(["application/json", "application/*", "*/*"])
}

/// A range of `Accept` in lower case, and its weight.
fn range(text: &str) -> Option<(String, f64)> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    Some((name, weight.map_or(Some(1.0), |weight| weight.trim().parse().ok())?))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_table_is_given_to_whoever_prefers_it() {
        for (accept, expected) in [
            ("text/csv", true),
            ("Text/CSV; charset=utf-8", true),
            ("text/csv;q=0", false),
            ("application/json, text/csv;q=0.1", false),
            ("application/json;q=0.5, text/csv", true),
            ("text/*", true),
            ("*/*", false),
            ("application/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(wants_csv(&headers), expected, "{accept}");
        }
        assert!(!wants_csv(&HeaderMap::new()));
    }
}
