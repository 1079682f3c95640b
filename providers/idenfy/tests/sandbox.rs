//! The adapter against the vendor as the sandbox plays it: real HTTP, and nothing scripted.

#![cfg(test)]

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use risk_provider::{
    Call, Exchange, Flag, History, HistoryQuery, Judge, Level, ProviderError, ProviderName, ProviderSettings,
    Recheck, RiskProvider, Subject, SubjectRequest, Transport, VendorReference, VendorRequest,
};
use risk_provider_idenfy::Idenfy;
use risk_provider_sandbox::{
    ASSESSED_COMPANY_ID, Fault, FaultKind, PROFILE_ID, Sandbox, Settings, UNASSESSED_COMPANY_ID,
    UNCHECKED_COMPANY_ID, Vendor,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};

/// Sends and judges, and guards nothing.
struct Plain(Transport);

#[async_trait]
impl Exchange for Plain {
    async fn run(
        &self,
        request: VendorRequest,
        deadline: Instant,
        judge: Judge<'_>,
    ) -> Result<(), ProviderError> {
        judge(&self.0.send(request, deadline).await?)
    }
}

struct Play {
    sandbox: Sandbox,
    provider: Idenfy,
    exchange: Arc<Plain>,
}

impl Play {
    async fn start() -> Self {
        let sandbox = Sandbox::start(Vendor::Idenfy, &Settings::default()).await.expect("a sandbox");
        let common = ProviderSettings {
            name: ProviderName::new("idenfy"),
            base_url: sandbox.base_url().parse().expect("an address"),
            timeout: Duration::from_secs(5),
            strict_subject_match: false,
            send_previous: false,
        };
        let questions =
            json!({"Is shareholder PEP?": "politically_exposed", "Shareholder residency": "country"});
        let own = json!({"api_key": "sandbox-key", "api_secret": "sandbox-secret", "profile": PROFILE_ID, "questions": questions});
        let provider = Idenfy::new(common, serde_json::from_value(own).expect("typed")).expect("valid");
        let exchange = Arc::new(Plain(Transport::new(Arc::new(now)).expect("a transport")));
        Self { sandbox, provider, exchange }
    }

    fn call(&self) -> Call {
        let exchange = Arc::clone(&self.exchange) as Arc<dyn Exchange>;
        Call::new("req_1".into(), Instant::now() + Duration::from_secs(30), now(), exchange)
    }

    async fn order(&self, order: &Value) {
        let mut stream = TcpStream::connect(self.sandbox.address()).await.expect("a connection");
        let body = order.to_string();
        let head = "POST /_sandbox/idenfy HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    async fn recheck(
        &self,
        reference: &VendorReference,
        subject: &Subject,
    ) -> risk_provider::ProviderAssessment {
        Recheck::recheck(&self.provider, &self.call(), reference, subject).await.expect("an assessment")
    }
}

fn now() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().expect("a time")
}

fn subject(last: &str, country: &str) -> Subject {
    let request: SubjectRequest = serde_json::from_value(json!({
        "reference": "cust-42", "type": "individual", "country": country, "politically_exposed": true,
        "name": {"first": "Matthew", "last": last},
    }))
    .expect("a typed subject");
    request.accept(jiff::civil::date(2026, 11, 21)).expect("a valid subject")
}

#[tokio::test]
async fn the_whole_history_is_read_page_by_page() {
    let play = Play::start().await;
    for number in 0..23 {
        let subject = subject(&format!("Number{number}"), "HU");
        play.provider.assess(&play.call(), &subject).await.expect("an assessment");
    }
    let (mut references, mut cursor, mut pages) = (Vec::new(), None::<String>, 0);
    loop {
        let page = play.provider.page(&play.call(), &HistoryQuery::default(), cursor.as_deref()).await;
        let page = page.expect("a page");
        references.extend(page.items.into_iter().map(|item| item.reference));
        pages += 1;
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((pages, references.len()), (3, 23));
    let oldest = play.provider.retrieve(&play.call(), &references[22]).await.expect("an assessment");
    assert!(oldest.raw.text().contains("Matthew Number0"));
}

#[tokio::test]
async fn an_update_is_made_by_the_method_that_is_taken() {
    for (methods, asked) in [(json!(["POST"]), ["POST"].as_slice()), (json!(["PUT"]), &["POST", "PUT"])] {
        let play = Play::start().await;
        play.order(&json!({"update_methods": methods})).await;
        let first =
            play.provider.assess(&play.call(), &subject("Collins", "HU")).await.expect("an assessment");
        let reference = first.vendor_reference.clone().expect("a reference");
        let second = play.recheck(&reference, &subject("Collins", "EE")).await;
        assert_eq!((second.level, second.vendor_reference.as_ref()), (first.level, Some(&reference)));
        assert!(second.flags.is_empty() && second.raw.text().contains("\"EE\""), "{:?}", second.flags);
        let calls = play.sandbox.calls();
        let found: Vec<_> = calls
            .iter()
            .filter(|call| call.operation == "recheck")
            .map(|call| call.method.as_str())
            .collect();
        assert_eq!(found, asked);
        assert_eq!(play.sandbox.billed(), 2, "one check and one update");
    }
}

#[tokio::test]
async fn q_id_10_an_update_that_changed_nothing_is_not_believed() {
    let play = Play::start().await;
    let first = play.provider.assess(&play.call(), &subject("Collins", "HU")).await.expect("an assessment");
    play.order(&json!({"stale_updates": true})).await;
    let reference = first.vendor_reference.expect("a reference");
    let second = play.recheck(&reference, &subject("Collins", "EE")).await;
    assert_eq!((second.score, second.level), (None, None));
    assert!(second.flags.contains(&Flag::Unanswered));
}

#[tokio::test]
async fn an_edited_profile_has_another_fingerprint_once_it_is_noticed() {
    let play = Play::start().await;
    let subject = subject("Collins", "HU");
    let mut seen = Vec::new();
    for edited in [false, true, false] {
        if edited {
            play.order(&json!({"edit_profile": PROFILE_ID})).await;
        }
        let answer = play.provider.assess(&play.call(), &subject).await.expect("an assessment");
        seen.push(answer);
    }
    let fingerprints: BTreeSet<_> = seen.iter().map(|answer| &answer.profile_fingerprint).collect();
    assert_eq!(fingerprints.len(), 3, "what first shows the edit is nobody else's answer");
    let flagged: Vec<_> = seen.iter().map(|it| it.flags.contains(&Flag::ProfileMismatch)).collect();
    assert_eq!(flagged, [false, true, false]);
    assert!(seen[1].level.is_none_or(|level| level >= Level::Medium), "{:?}", seen[1].level);
}

#[tokio::test]
async fn companies_are_read_with_their_risk_or_without() {
    let play = Play::start().await;
    let risk = play.provider.company(&play.call(), ASSESSED_COMPANY_ID).await.expect("an answer");
    assert_eq!(risk.expect("a risk").vendor_level.as_deref(), Some("HIGH"));
    let unchecked = play.provider.company(&play.call(), UNCHECKED_COMPANY_ID).await.expect("an answer");
    let unchecked = unchecked.expect("a summary");
    assert_eq!((unchecked.score, unchecked.level), (None, None));
    assert_eq!(play.provider.company(&play.call(), UNASSESSED_COMPANY_ID).await.expect("an answer"), None);
    let reference = VendorReference(format!("kyb:{ASSESSED_COMPANY_ID}"));
    play.provider.retrieve(&play.call(), &reference).await.expect("an assessment");
    assert_eq!(play.sandbox.billed(), 0);
}

#[tokio::test]
async fn a_list_that_fails_says_why() {
    let play = Play::start().await;
    play.sandbox.inject(Fault::new(FaultKind::Html).on("assessments").times(1));
    let error = play.provider.page(&play.call(), &HistoryQuery::default(), None).await.expect_err("no list");
    assert_eq!(error.kind, risk_provider::FailureKind::Malformed);
}
