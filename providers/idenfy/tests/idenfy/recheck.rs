//! Other answers to an earlier check.

use risk_provider::{
    Billed, FactorState, FailureKind, Flag, Level, ProviderAssessment, ProviderError, Recheck, RiskProvider,
    Subject, VendorReference,
};
use serde_json::{Value, json};

use crate::support::{
    CHECK, PROFILE, Reply, UNANSWERED, UPDATE, UPDATE_REQUEST, Vendor, check_with, documented,
    documented_with, is, matthew, reply, subject, with,
};

const REFERENCE: &str = "17CRlVRrxUa91BAMvMdeYP";

fn reference() -> VendorReference {
    VendorReference(REFERENCE.to_owned())
}

/// Matthew Collins as the documented update tells of him: moved, and exposed no more.
fn moved() -> Subject {
    subject(&json!({"country": "EE", "politically_exposed": false}))
}

async fn recheck(subject: &Subject, update: impl ToString) -> Result<ProviderAssessment, ProviderError> {
    let vendor = Vendor::new([reply(200, PROFILE), reply(200, update)]);
    Recheck::recheck(&documented(), &vendor.call(), &reference(), subject).await
}

/// What the vendor is asked under `settings` while it gives `replies` to updates, and what comes of it.
async fn asked(settings: &Value, replies: &[Reply]) -> (Vec<String>, Result<(), FailureKind>) {
    let vendor = Vendor::new(std::iter::once(reply(200, PROFILE)).chain(replies.iter().cloned()));
    let provider = documented_with(settings);
    let outcome = Recheck::recheck(&provider, &vendor.call(), &reference(), &matthew()).await;
    let asked = vendor.asked();
    assert!(asked[1..].iter().all(|request| (request.operation, request.paid) == ("recheck", true)));
    assert!(asked[1..].windows(2).all(|pair| pair[0].body == pair[1].body), "the same is sent again");
    let asked = asked[1..].iter().map(|request| format!("{} {}", request.method, request.url.path()));
    (asked.collect(), outcome.map(drop).map_err(|error| error.kind))
}

#[tokio::test]
async fn q_id_6_an_update_always_sends_answers_and_name() {
    let vendor = Vendor::new([reply(200, PROFILE), reply(200, UPDATE)]);
    let provider = documented();
    Recheck::recheck(&provider, &vendor.call(), &reference(), &moved()).await.expect("an assessment");
    let documented: Value = serde_json::from_str(UPDATE_REQUEST).expect("JSON");
    assert_eq!(vendor.last_body(), documented);
    vendor.then(reply(200, UPDATE));
    Recheck::recheck(&provider, &vendor.call(), &reference(), &moved()).await.expect("an assessment");
    assert_eq!(vendor.last_body(), documented, "also when nothing changed");
    assert_eq!(vendor.operations(), ["profile", "recheck", "recheck"]);
}

#[tokio::test]
async fn q_id_7_the_other_method_is_tried_once() {
    let (post, put) =
        (format!("POST /risk/assessments/{REFERENCE}"), format!("PUT /risk/assessments/{REFERENCE}"));
    let no = || reply(405, "<html>Method Not Allowed</html>");
    let other_words = json!({"identifier": "METHOD_NOT_ALLOWED", "message": "Method not allowed."});
    let plain = json!({});
    assert_eq!(asked(&plain, &[reply(200, CHECK)]).await, (vec![post.clone()], Ok(())));
    let puts = json!({"update_method": "PUT"});
    assert_eq!(asked(&puts, &[reply(200, CHECK)]).await, (vec![put.clone()], Ok(())));
    let refusals = [no(), reply(400, &other_words), reply(200, &other_words), reply(403, &other_words)];
    for refusal in refusals {
        let both = asked(&plain, &[refusal.clone(), reply(200, CHECK)]).await;
        assert_eq!(both, (vec![post.clone(), put.clone()], Ok(())), "{refusal:?}");
        let both = asked(&puts, &[refusal.clone(), reply(200, CHECK)]).await;
        assert_eq!(both, (vec![put.clone(), post.clone()], Ok(())), "{refusal:?}");
        let neither = asked(&plain, &[refusal, no(), reply(200, CHECK)]).await;
        assert_eq!(neither, (vec![post.clone(), put.clone()], Err(FailureKind::Misconfigured)));
    }
    for (failure, kind) in [
        (reply(500, &other_words), FailureKind::VendorError),
        (reply(404, ""), FailureKind::NotFound),
        (reply(400, ""), FailureKind::InvalidSubject),
        (reply(429, ""), FailureKind::RateLimited),
        (reply(200, "{}"), FailureKind::Malformed),
    ] {
        let once = asked(&plain, &[failure.clone(), reply(200, CHECK)]).await;
        assert_eq!(once, (vec![post.clone()], Err(kind)), "{failure:?}");
    }
}

#[tokio::test]
async fn q_id_8_the_path_of_an_update_ends_as_configured_and_redirects_are_not_followed() {
    let slashed = asked(&json!({"update_slash": true}), &[reply(200, CHECK)]).await;
    assert_eq!(slashed.0, [format!("POST /risk/assessments/{REFERENCE}/")]);
    for status in [301, 302, 307, 308] {
        let elsewhere = (status, vec![("location", "/risk/assessments/x/")], String::new());
        let (asked, outcome) = asked(&json!({}), &[elsewhere, reply(200, CHECK)]).await;
        assert_eq!((asked.len(), outcome), (1, Err(FailureKind::Misconfigured)), "{status}");
    }
}

#[tokio::test]
async fn an_update_that_took_reads_like_a_check() {
    let answer = recheck(&matthew(), CHECK).await.expect("an assessment");
    assert_eq!((answer.level, answer.score.expect("a score").value()), (Some(Level::VeryHigh), 100.0));
    assert!(answer.flags.is_empty() && answer.profile_fingerprint.is_some());
    assert_eq!(answer.vendor_reference, Some(reference()));
    let lower_case = check_with("/sections/0/questions/1/answers/0/key", json!("hu"));
    assert_eq!(recheck(&matthew(), lower_case).await.expect("an assessment").level, Some(Level::VeryHigh));
}

#[tokio::test]
async fn q_id_10_an_update_that_repeats_the_old_answers_judges_nothing() {
    let low = |update: &str| {
        update.replace("VERY_HIGH", "VERY_LOW").replace("\"riskScore\": 100", "\"riskScore\": 8")
    };
    for update in [UPDATE.to_owned(), low(UPDATE)] {
        let answer = recheck(&moved(), &update).await.expect("an assessment");
        assert_eq!((answer.score.clone(), answer.level), (None, None));
        assert!(answer.flags.contains(&Flag::Unanswered) && Flag::Unanswered.needs_review());
        assert!(is(answer.coverage(), 0.0));
        assert!(answer.vendor_level.is_some() && answer.raw.text().contains("HU"), "what was sent is kept");
        for factor in &answer.factors {
            assert_eq!((factor.state, factor.level, factor.value.clone()), (FactorState::NoData, None, None));
        }
    }
    let half = subject(&json!({"country": "EE"}));
    assert_eq!(recheck(&half, UPDATE).await.expect("an assessment").level, None, "one old answer is enough");
    assert_eq!(recheck(&matthew(), UPDATE).await.expect("an assessment").level, Some(Level::VeryHigh));
}

#[tokio::test]
async fn q_id_10_an_answer_that_was_withdrawn_must_be_gone() {
    let pep = json!({"field": "politically_exposed", "optional": true});
    let questions = json!({"Is shareholder PEP?": pep, "Shareholder residency": "country"});
    let silent = subject(&json!({"politically_exposed": null}));
    let gone = check_with("/sections/0/questions/0/answers", json!([]));
    for (update, level) in [(gone.to_string(), Some(Level::VeryHigh)), (CHECK.to_owned(), None)] {
        let provider = documented_with(&json!({"questions": questions}));
        let vendor = Vendor::new([reply(200, PROFILE), reply(200, update)]);
        let answer = Recheck::recheck(&provider, &vendor.call(), &reference(), &silent).await;
        assert_eq!(answer.expect("an assessment").level, level);
    }
    let no_such_section = with(CHECK, &json!({"sections": []}));
    assert_eq!(recheck(&matthew(), no_such_section).await.expect("an assessment").level, None);
}

#[tokio::test]
async fn an_update_that_answers_about_somebody_or_something_else_says_so() {
    let other = recheck(&matthew(), check_with("/name", json!("Sarah Robins"))).await.expect("an assessment");
    assert!(other.flags.contains(&Flag::SubjectNameMismatch));
    let other = with(UNANSWERED, &json!({"id": REFERENCE}));
    let other = recheck(&matthew(), other).await.expect("an assessment");
    assert!(other.flags.contains(&Flag::ProfileMismatch) && other.level.is_none());
}

#[tokio::test]
async fn an_update_that_answers_about_another_check_is_none() {
    for id in [json!("bb2"), json!(7)] {
        let error = recheck(&matthew(), check_with("/id", id.clone())).await.expect_err("another check");
        assert_eq!((error.kind, error.billed(true)), (FailureKind::Malformed, Billed::Yes), "{id}");
    }
}

#[tokio::test]
async fn an_update_of_nothing_is_not_found_and_asks_nothing() {
    for odd in ["", "../assessment-profiles", "a/b", "a?b", "kyb:x", "é"] {
        let vendor = Vendor::new([]);
        let error =
            Recheck::recheck(&documented(), &vendor.call(), &VendorReference(odd.to_owned()), &matthew())
                .await;
        assert_eq!(error.map(drop).map_err(|error| error.kind), Err(FailureKind::NotFound), "{odd}");
        assert!(vendor.asked().is_empty(), "{odd}");
    }
    let vendor = Vendor::new([reply(200, PROFILE), reply(404, "<html></html>"), reply(200, CHECK)]);
    let provider = documented();
    let error =
        Recheck::recheck(&provider, &vendor.call(), &reference(), &matthew()).await.expect_err("not there");
    assert_eq!(error.kind, FailureKind::NotFound);
    provider.assess(&vendor.call(), &matthew()).await.expect("an assessment");
    assert_eq!(vendor.operations(), ["profile", "recheck", "check"], "the questionnaire is not in doubt");
}

#[tokio::test]
async fn an_update_needs_what_a_check_needs() {
    let vendor = Vendor::new([]);
    let silent = subject(&json!({"politically_exposed": null}));
    let error =
        Recheck::recheck(&documented(), &vendor.call(), &reference(), &silent).await.expect_err("lacking");
    assert_eq!(
        (error.kind, error.fields),
        (FailureKind::MissingInput, vec!["politically_exposed".to_owned()])
    );
    assert!(vendor.asked().is_empty());
}
