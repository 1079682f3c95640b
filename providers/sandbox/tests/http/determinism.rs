//! The same question has the same answer, and the answers spread over the whole range.

use std::collections::BTreeMap;

use risk_provider_sandbox::{Settings, Vendor};
use serde_json::{Value, json};

use crate::support::{Play, actor, documented_check, with, youverify};

const COUNTRIES: [&str; 8] = ["EE", "GB", "US", "FR", "NG", "IR", "BR", "KE"];
const CITIES: [&str; 6] = ["lagos", "tallinn", "london", "paris", "tehran", "nairobi"];
const INDUSTRIES: [&str; 5] = ["others", "arms_dealers", "casinos", "retail", "mining"];
const KYC: [&str; 5] = ["youverify", "client", "not_verified", "expired_30", "expired_90"];

/// A population of people in every situation.
fn person(number: usize) -> Value {
    let listed = if number.is_multiple_of(9) { "Sanction Pep" } else { "Person" };
    with(
        actor(&format!("Given{number}"), &format!("{listed} Family{}", number * 31)),
        &json!({
            "country": COUNTRIES[number % 8],
            "city": CITIES[number / 8 % 6],
            "industry": INDUSTRIES[number / 3 % 5],
            "kycVerifiedBy": KYC[number / 5 % 5],
            "lengthOfStay": number * 7 % 90,
            "ageOfAccount": number * 11 % 90,
            "previousAdverseMediaScore": number % 4 * 25,
        }),
    )
}

fn number(report: &Value, pointer: &str) -> f64 {
    report.pointer(pointer).and_then(Value::as_f64).unwrap()
}

fn identities_hold(report: &Value) {
    let mut sum = 0.0;
    for block in ["geographic", "product", "personal"] {
        let at = |field: &str| number(report, &format!("/{block}/{field}"));
        assert!((at("weight") * at("actualScore") - at("weightedScore")).abs() < 1e-9);
        sum += at("weightedScore");
    }
    assert!((sum - number(report, "/basicRiskScore")).abs() < 1e-9);
    assert!((number(report, "/riskScore") - number(report, "/basicRiskScore")).abs() < f64::EPSILON);
    let at = |pointer: &str| number(report, pointer);
    let (media, previous) = (at("/personal/adverseMediaScore"), at("/personal/pAdverseMediaScore"));
    let media = if previous > 0.0 { (media + previous) / 2.0 } else { media };
    let personal = 0.2
        * (at("/personal/kycScore") + at("/personal/sanctionScore") + at("/personal/pepScore"))
        + 0.15 * (media + at("/personal/citizenshipScore"))
        + 0.1 * at("/personal/accountAgeScore");
    assert!((personal - at("/personal/actualScore")).abs() < 1e-9);
    let geographic = 0.35 * (at("/geographic/countryScore") + at("/geographic/cityScore"))
        + 0.3 * at("/geographic/lengthOfStayScore");
    assert!((geographic - at("/geographic/actualScore")).abs() < 1e-9);
}

#[tokio::test]
async fn reports_add_up_and_reach_every_level() {
    let play = youverify().await;
    let mut levels: BTreeMap<String, usize> = BTreeMap::new();
    let (mut sanctioned, mut exposed, mut in_the_news) = (0, 0, 0);
    for subject in (0..400).map(person) {
        let report = play.report(&subject).await;
        identities_hold(&report);
        *levels.entry(report["riskStatus"].as_str().unwrap().to_owned()).or_default() += 1;
        if !subject["lastName"].as_str().unwrap().starts_with("Sanction") {
            sanctioned += usize::from(report["personal"]["sanctionScore"] == 100);
            exposed += usize::from(report["personal"]["pepScore"] == 100);
        }
        in_the_news += usize::from(report["adverseMediaNews"] != json!([]));
    }
    assert_eq!(levels.len(), 5, "{levels:?}");
    assert!((1..40).contains(&sanctioned) && (5..60).contains(&exposed), "{sanctioned} {exposed}");
    assert!((80..240).contains(&in_the_news), "{in_the_news}");
}

#[tokio::test]
async fn the_same_subject_is_answered_alike_by_every_sandbox() {
    let (one, other) = (youverify().await, youverify().await);
    for subject in (0..20).map(person) {
        assert_eq!(one.report(&subject).await, other.report(&subject).await);
    }
    let shouted = with(actor("MEDIA", "Person"), &json!({}));
    let (loud, calm) = (one.report(&shouted).await, one.report(&actor("Media", " Person ")).await);
    assert_eq!(loud["personal"]["adverseMediaScore"], calm["personal"]["adverseMediaScore"]);
}

#[tokio::test]
async fn another_seed_answers_otherwise() {
    let one = youverify().await;
    let other = Play::start(Vendor::Youverify, &Settings { seed: 7, ..Settings::default() }).await;
    let subject = actor("Media", "Person");
    assert_ne!(one.report(&subject).await["riskScore"], other.report(&subject).await["riskScore"]);
}

#[tokio::test]
async fn answers_do_not_change_between_versions() {
    let report =
        youverify().await.report(&with(actor("Media", "Person"), &json!({ "industry": "mining" }))).await;
    let fixed = [
        "/geographic/countryScore",
        "/geographic/cityScore",
        "/product/industryScore",
        "/personal/adverseMediaScore",
    ];
    let found: Vec<f64> = fixed.iter().map(|pointer| number(&report, pointer)).collect();
    assert_eq!(found, [6.72, 29.91, 0.8, 76.83]);
}

#[tokio::test]
async fn ids_of_checks_differ_within_a_run_and_repeat_in_the_next() {
    let mut runs = Vec::new();
    for _ in 0..2 {
        let play = crate::support::idenfy().await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            let answer = play.checked(risk_provider_sandbox::PROFILE_ID, &documented_check()).await;
            ids.push(answer["id"].as_str().unwrap().to_owned());
        }
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
        runs.push(ids);
    }
    assert_eq!(runs[0], runs[1]);
}
