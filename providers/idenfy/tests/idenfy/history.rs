//! The vendor's own list of assessments.

use jiff::civil::date;
use risk_provider::{FailureKind, History, HistoryPage, HistoryQuery, ProviderError};
use serde_json::{Value, json};

use crate::support::{ASSESSMENTS, Vendor, documented, reply, time_of, with};

const LIST: &str = "https://ivs.idenfy.example/risk/assessments/";

async fn page(body: impl ToString, query: &HistoryQuery) -> Result<HistoryPage, ProviderError> {
    documented().page(&Vendor::new([reply(200, body)]).call(), query, None).await
}

async fn everything(body: impl ToString) -> Result<HistoryPage, ProviderError> {
    page(body, &HistoryQuery::default()).await
}

/// The addresses asked for, from `cursor` on, while the vendor says `next` each time.
async fn asked(cursor: Option<&str>, nexts: &[Value]) -> Vec<String> {
    let vendor = Vendor::new(nexts.iter().map(|next| reply(200, with(ASSESSMENTS, &json!({"next": next})))));
    let provider = documented();
    let mut cursor = cursor.map(str::to_owned);
    for _ in nexts {
        let page = provider.page(&vendor.call(), &HistoryQuery::default(), cursor.as_deref()).await;
        cursor = page.expect("a page").next;
    }
    vendor.asked().iter().map(|request| request.url.to_string()).collect()
}

#[tokio::test]
async fn q_id_9_items_name_the_answer_and_hold_none() {
    let vendor = Vendor::new([reply(200, ASSESSMENTS)]);
    let page = documented().page(&vendor.call(), &HistoryQuery::default(), None).await.expect("a page");
    assert_eq!((page.items.len(), page.next), (2, None));
    let first = &page.items[0];
    assert_eq!(first.reference.0, "17CRlVRrxUa91BAMvMdeYP");
    assert_eq!(first.name.as_ref().expect("a name").expose(), "Matthew Collins");
    assert_eq!(first.created_at, Some(time_of("2024-05-16T08:57:04.654818Z")));
    assert!(page.items.iter().all(|item| item.assessment.is_none()));
    let asked = vendor.asked();
    assert_eq!((asked[0].operation, asked[0].paid, asked[0].method.as_str()), ("assessments", false, "GET"));
    assert_eq!((asked[0].url.as_str(), asked[0].body.as_deref()), (LIST, None));
    assert!(asked[0].headers["authorization"].is_sensitive());
}

#[tokio::test]
async fn q_id_3_the_list_may_use_either_timestamp_format() {
    for (text, time) in [
        (json!("2024-05-06 09:45:02.405602+00:00"), Some("2024-05-06T09:45:02.405602Z")),
        (json!("2024-05-06T09:45:02Z"), Some("2024-05-06T09:45:02Z")),
        (json!("yesterday"), None),
        (json!(null), None),
        (json!(5), None),
    ] {
        let body = json!({"count": 1, "next": null, "results": [{"id": "x", "createdAt": text}]});
        let page = everything(body).await.expect("a page");
        assert_eq!(page.items[0].created_at, time.map(time_of), "{text}");
        assert_eq!(page.items[0].name, None);
    }
}

#[tokio::test]
async fn the_next_page_is_where_the_vendor_says() {
    let second = format!("{LIST}?page=2&order=-id%20x");
    let found = asked(None, &[json!(second), json!(null)]).await;
    assert_eq!(found, [LIST.to_owned(), second]);
}

#[tokio::test]
async fn without_an_address_pages_are_counted() {
    for next in [json!("?page=2"), json!("/risk/assessments/?page=2"), json!(2)] {
        let found = asked(None, &[next.clone(), json!(null)]).await;
        assert_eq!(found, [LIST.to_owned(), format!("{LIST}?page=2")], "{next}");
    }
    let found = asked(None, &[json!("?page=2"), json!(3), json!("more"), json!("")]).await;
    let pages = ["", "?page=2", "?page=3", "?page=4"];
    assert_eq!(found, pages.map(|page| format!("{LIST}{page}")));
}

#[tokio::test]
async fn credentials_are_sent_to_the_configured_address_only() {
    let elsewhere = [
        "//evil.example/x",
        "https://evil.example/risk/assessments/?page=2",
        "http://ivs.idenfy.example/risk/assessments/?page=2",
        "https://ivs.idenfy.example:8443/risk/assessments/?page=2",
        "https://ivs.idenfy.example@evil.example/",
        "https://user:word@ivs.idenfy.example/risk/assessments/?page=2",
        "https://user@ivs.idenfy.example/risk/assessments/?page=2",
        "file:///etc/passwd",
        "javascript:alert(1)",
    ];
    for next in elsewhere {
        let error = everything(with(ASSESSMENTS, &json!({"next": next}))).await.expect_err(next);
        assert_eq!((error.kind, error.sent), (FailureKind::Malformed, true), "{next}");
        let vendor = Vendor::new([]);
        let error = documented().page(&vendor.call(), &HistoryQuery::default(), Some(next)).await;
        assert_eq!(error.map(drop).map_err(|it| (it.kind, it.sent)), Err((FailureKind::Malformed, false)));
        assert!(vendor.asked().is_empty(), "{next}");
    }
    for cursor in ["", "x", "-1", "../"] {
        let error = documented().page(&Vendor::new([]).call(), &HistoryQuery::default(), Some(cursor)).await;
        assert_eq!(error.map(drop).map_err(|it| it.kind), Err(FailureKind::Malformed), "{cursor}");
    }
}

#[tokio::test]
async fn a_list_that_goes_in_circles_ends() {
    for (cursor, next) in [
        (None, json!(LIST)),
        (None, json!(1)),
        (Some("3"), json!(3)),
        (Some("3"), json!(format!("{LIST}?page=3"))),
        (None, json!(true)),
        (None, json!({"page": 2})),
    ] {
        let vendor = Vendor::new([reply(200, with(ASSESSMENTS, &json!({"next": next})))]);
        let error = documented().page(&vendor.call(), &HistoryQuery::default(), cursor).await;
        assert_eq!(error.map(drop).map_err(|it| it.kind), Err(FailureKind::Malformed), "{cursor:?} {next}");
    }
}

#[tokio::test]
async fn days_and_names_are_sorted_out_here() {
    let item = |id: &str, name: Value, created: Value| json!({"id": id, "name": name, "createdAt": created});
    let body = json!({"next": null, "results": [
        item("early", json!("Matthew Collins"), json!("2024-05-15T23:59:59Z")),
        item("first", json!("MATTHEW  Collins"), json!("2024-05-16 00:00:00+00:00")),
        item("last", json!("Matthew Collins"), json!("2024-05-17T23:59:59.999999Z")),
        item("late", json!("Matthew Collins"), json!("2024-05-18T00:00:00Z")),
        item("other", json!("Sarah Robins"), json!("2024-05-16T12:00:00Z")),
        item("nameless", json!(null), json!("2024-05-16T12:00:00Z")),
        item("timeless", json!("Matthew Collins"), json!(null)),
    ]});
    let ids = |query: HistoryQuery| {
        let body = body.clone();
        async move {
            let page = page(body, &query).await.expect("a page");
            page.items.into_iter().map(|item| item.reference.0).collect::<Vec<_>>().join(" ")
        }
    };
    let (from, to) = (Some(date(2024, 5, 16)), Some(date(2024, 5, 17)));
    let name = Some("matthew collins".into());
    let all = HistoryQuery::default;
    assert_eq!(ids(all()).await, "early first last late other nameless timeless");
    assert_eq!(ids(HistoryQuery { from, ..all() }).await, "first last late other nameless timeless");
    assert_eq!(ids(HistoryQuery { to, ..all() }).await, "early first last other nameless timeless");
    assert_eq!(ids(HistoryQuery { from, to, name, ..all() }).await, "first last nameless timeless");
}

#[tokio::test]
async fn what_is_no_page_is_malformed() {
    for body in [
        "",
        "[]",
        "{}",
        r#"{"results": []}"#,
        r#"{"next": null}"#,
        "null",
        "<html></html>",
        r#"{"next": null, "results": null}"#,
        r#"{"next": null, "results": {}}"#,
        r#"{"next": null, "results": [{}]}"#,
        r#"{"next": null, "results": [{"id": null}]}"#,
        r#"{"next": null, "results": ["x"]}"#,
        "[null, []]",
    ] {
        assert_eq!(everything(body).await.expect_err(body).kind, FailureKind::Malformed, "{body}");
    }
}
