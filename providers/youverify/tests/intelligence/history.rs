//! The vendor's own list.

use std::{collections::BTreeMap, sync::Arc};

use jiff::civil::date;
use risk_provider::{
    AnswerState, FailureKind, History, HistoryPage, HistoryQuery, Level, Personal, ProviderError,
    RiskProvider, VendorRequest,
};
use risk_provider_youverify::Intelligence;
use serde_json::{Value, json};

use crate::support::{HISTORY, Vendor, block_on, call, edited, provider, started};

type Paged = Result<HistoryPage, ProviderError>;

fn page(
    provider: &Intelligence,
    query: &HistoryQuery,
    cursor: Option<&str>,
    body: &str,
) -> (Paged, Vec<VendorRequest>) {
    let vendor = Arc::new(Vendor::answering(200, body));
    let history: &dyn History = provider.history().expect("a history");
    let paged = block_on(async { history.page(&call(&vendor), query, cursor).await });
    (paged, vendor.asked())
}

fn asked_for(provider: &Intelligence, query: &HistoryQuery, cursor: Option<&str>) -> String {
    let (_, asked) = page(provider, query, cursor, HISTORY);
    asked[0].url.query().expect("a query").to_owned()
}

fn documented() -> Value {
    serde_json::from_str(HISTORY).expect("JSON")
}

#[test]
fn q_yv_3_the_documented_body_of_the_get_goes_into_the_query_string() {
    let query = HistoryQuery {
        from: Some(date(2026, 1, 2)),
        to: Some(date(2026, 1, 31)),
        name: Some(Personal::from("Tesla")),
        filters: BTreeMap::from([("trackingStatus".to_owned(), "active".to_owned())]),
    };
    let (_, asked) = page(&provider(), &query, None, HISTORY);
    let [request] = asked.as_slice() else { panic!("{} requests", asked.len()) };
    assert_eq!((request.operation, request.paid, request.method.as_str()), ("history", false, "GET"));
    assert_eq!(request.body, None);
    assert_eq!(request.url.path(), "/v2/api/identity/risk-check/history");
    let query = "page=1&limit=20&startDate=2026-01-02&endDate=2026-02-01&trackingStatus=active";
    assert_eq!(request.url.query(), Some(query), "a name is personal and stands in no address");
}

#[test]
fn the_documented_list_holds_whole_answers() {
    let (paged, _) = page(&provider(), &HistoryQuery::default(), None, HISTORY);
    let paged = paged.expect("a page");
    assert_eq!((paged.items.len(), paged.next.as_deref()), (2, Some("2")));
    let first = &paged.items[0];
    assert_eq!(first.reference.0, "647f096187f89a18587648cc");
    assert_eq!(first.name.as_ref().map(|name| name.expose().as_str()), Some("Tesla"));
    assert_eq!(first.created_at.expect("time").to_string(), "2023-06-06T10:24:33.317Z");
    let told = first.assessment.as_ref().expect("whole");
    assert_eq!((told.state, told.level), (AnswerState::Final, Some(Level::Medium)));
    assert_eq!(told.vendor_reference.as_ref(), Some(&first.reference));
    assert_eq!(told.assessed_at.to_string(), "2023-06-06T10:25:22.037Z");
    assert!((told.coverage() - 1.0).abs() < 1e-9 && told.flags.is_empty());
}

#[test]
fn q_yv_23_staff_names_are_removed_from_every_item_and_listed() {
    let (paged, _) = page(&provider(), &HistoryQuery::default(), None, HISTORY);
    for item in paged.expect("a page").items {
        let raw = item.assessment.expect("whole").raw;
        assert_eq!(raw.removed(), ["requestedBy"]);
        assert!(!raw.text().contains("\"requestedBy\"") && raw.text().contains("34.474999999999994"));
    }
}

#[test]
fn pages_are_followed_to_the_last_one_and_never_backwards() {
    let with = |pagination: Value| {
        let mut body = documented();
        body["data"]["pagination"] = pagination;
        body.to_string()
    };
    let next = |cursor: Option<&str>, pagination: Value| {
        let (paged, _) = page(&provider(), &HistoryQuery::default(), cursor, &with(pagination));
        paged.map(|paged| paged.next).map_err(|error| error.kind)
    };
    let second = json!({"currentPage": 2, "totalPages": 3, "hasNextPage": true, "nextPage": 3});
    assert_eq!(next(Some("2"), second.clone()), Ok(Some("3".to_owned())));
    assert_eq!(next(None, second), Err(FailureKind::Malformed), "another page than asked for");
    let last = json!({"currentPage": 3, "totalPages": 3, "hasNextPage": false, "nextPage": null});
    assert_eq!(next(Some("3"), last), Ok(None));
    assert_eq!(next(Some("3"), json!({"totalPages": 4})), Ok(Some("4".to_owned())));
    assert_eq!(next(Some("3"), json!({"hasNextPage": true})), Ok(Some("4".to_owned())));
    for vague in [json!({}), json!({"hasNextPage": true, "nextPage": 9, "totalPages": 9})] {
        assert_eq!(next(Some("3"), vague.clone()), Err(FailureKind::Malformed), "{vague}");
    }
    assert_eq!(next(Some("3"), json!({"hasNextPage": true, "nextPage": 3})), Err(FailureKind::Malformed));
    assert_eq!(next(None, json!([])), Err(FailureKind::Malformed));
    let empty = json!({"success": true, "data": {"docs": [], "pagination": {"hasNextPage": true}}});
    let (paged, _) = page(&provider(), &HistoryQuery::default(), None, &empty.to_string());
    assert_eq!(paged.expect_err("a list that ends nowhere").kind, FailureKind::Malformed);
    assert_eq!(
        next(None, json!({"hasNextPage": false, "totalPages": 3})),
        Err(FailureKind::Malformed),
        "cut"
    );
    assert!(asked_for(&provider(), &HistoryQuery::default(), Some("7")).starts_with("page=7&"));
    for cursor in ["0", "-1", "x", ""] {
        let (paged, asked) = page(&provider(), &HistoryQuery::default(), Some(cursor), HISTORY);
        assert_eq!(paged.expect_err("no page").kind, FailureKind::NotFound);
        assert!(asked.is_empty());
    }
}

#[test]
fn a_pending_profile_is_listed_as_pending_and_an_unreadable_one_without_its_answer() {
    let mut body = documented();
    body["data"]["docs"][0] = started();
    body["data"]["docs"][1] =
        edited(body["data"]["docs"][1].clone(), &[("/latestReport/riskScore", json!(140))]);
    let (paged, _) = page(&provider(), &HistoryQuery::default(), None, &body.to_string());
    let items = paged.expect("a page").items;
    let pending = items[0].assessment.as_ref().expect("kept");
    assert_eq!((pending.state, pending.level), (AnswerState::Pending, None));
    assert!(items[1].assessment.is_none() && items[1].name.is_some());
}

#[test]
fn a_listed_profile_that_speaks_against_itself_holds_no_answer() {
    for (sign, value) in [("error", json!("x")), ("success", json!(false)), ("statusCode", json!(500))] {
        let mut body = documented();
        body["data"]["docs"][0][sign] = value;
        let (paged, _) = page(&provider(), &HistoryQuery::default(), None, &body.to_string());
        let items = paged.expect("a page").items;
        assert!(
            items[0].assessment.is_none() && items[1].assessment.is_some(),
            "{sign}: read by its reference"
        );
    }
}

#[test]
fn a_list_that_cannot_be_had_is_an_error_and_never_empty() {
    for (body, kind) in [
        (json!({}), FailureKind::Malformed),
        (json!({"success": true, "data": {"docs": null}}), FailureKind::Malformed),
        (json!({"success": true, "data": {"docs": [{}], "pagination": {}}}), FailureKind::Malformed),
        (json!({"success": false, "statusCode": 404}), FailureKind::Misconfigured),
        (json!({"success": false, "statusCode": 422}), FailureKind::Misconfigured),
        (json!({"success": false, "statusCode": 403}), FailureKind::BadCredentials),
    ] {
        let (paged, _) = page(&provider(), &HistoryQuery::default(), None, &body.to_string());
        assert_eq!(paged.expect_err("no list").kind, kind, "{body}");
    }
}

#[test]
fn every_documented_filter_is_sent_and_what_the_vendor_gives_beside_it_is_sorted_out() {
    let mut body = documented();
    let docs = body["data"]["docs"].as_array_mut().expect("profiles");
    let tesla = docs[0].clone();
    let person = json!({"personalInformation": {"firstName": "Ada", "lastName": "Obi"}});
    docs[0] = edited(
        tesla.clone(),
        &[
            ("/type", json!("individual")),
            ("/entityInformation", person),
            ("/trackingStatus", json!("paused")),
        ],
    );
    docs[1] = tesla.clone();
    docs.push(edited(tesla.clone(), &[("/latestRiskStatus", json!("critical_high_risk"))]));
    let silent = ["/type", "/trackingStatus", "/latestRiskStatus", "/entityInformation"];
    docs.push(edited(tesla, &silent.map(|field| (field, Value::Null))));
    let body = body.to_string();
    let kept = |filters: &[(&str, &str)], name: Option<&str>| {
        let filters = filters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let query = HistoryQuery { name: name.map(Personal::from), filters, ..HistoryQuery::default() };
        let (paged, asked) = page(&provider(), &query, None, &body);
        let paged = paged.expect("a page");
        assert_eq!(paged.next.as_deref(), Some("2"), "the list goes on, whatever was sorted out");
        (paged.items.len(), asked[0].url.query().unwrap_or_default().replace("page=1&limit=20", ""))
    };
    assert_eq!(kept(&[("type", "individual")], None), (2, "&type=individual".to_owned()));
    assert_eq!(kept(&[("trackingStatus", "active")], None), (3, "&trackingStatus=active".to_owned()));
    let hits = [("latestRiskStatus", "critical_high_risk"), ("type", "business")];
    assert_eq!(kept(&hits, None), (2, "&latestRiskStatus=critical_high_risk&type=business".to_owned()));
    assert_eq!(kept(&[], Some("ada  OBI")), (2, String::new()), "a name stands in no address");
}
