//! What becomes of a question to several vendors when the server is killed after some of them answered.

use std::time::Duration;

use risk_provider_sandbox::{Fault, FaultKind};
use serde_json::json;
use tokio::time::Instant;

use crate::{
    books,
    on_both_stores::on_both_stores,
    process::Home,
    stores::TestStore,
    subjects::{by, person},
    vendors::{Setup, Vendors},
};

const KEY: &str = "order-1";
const PATIENCE: Duration = Duration::from_secs(30);
const PANEL: &str = "[routes.panel]\nstrategy = \"consensus\"\nproviders = [\"idenfy\", \"youverify\"]\n";
/// Changes nothing; as many rows as iDenfy's answers that are recorded.
const IDENFY_SAID: &str =
    "UPDATE attempts SET sent = sent WHERE provider = 'idenfy' AND provider_assessment_id IS NOT NULL";

on_both_stores!(who_may_have_been_paid_before_the_kill_is_not_asked_again_with_the_others);

async fn who_may_have_been_paid_before_the_kill_is_not_asked_again_with_the_others(store: TestStore) {
    let vendors = Vendors::start().await;
    let home = Home::with(&Setup::default().deadline("3s").routes(PANEL), &vendors, store);
    let mut server = home.serve();
    let question = by("panel", &person("cust-1"));
    vendors.youverify.inject(Fault::new(FaultKind::HangAfterBilling).times(1));
    tokio::select! {
        answer = server.ask_under(KEY, &question) => panic!("answered: {answer:?}"),
        () = async {
            while vendors.youverify.billed() < 1 || books::change(&home.store.url, IDENFY_SAID).await < 1 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        } => {}
    }
    server.running.kill();
    let server = home.serve_for(&server.key);
    let began = Instant::now();
    let answer = loop {
        let answer = server.ask_under(KEY, &question).await;
        if answer.status != 409 {
            break answer.good();
        }
        assert!(began.elapsed() < PATIENCE, "the key is never free");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    let adopted = &answer["providers"][0];
    assert_eq!((&adopted["provider"], &adopted["served"]), (&json!("idenfy"), &json!("adopted")), "{answer}");
    assert_eq!(answer["consensus"]["answered"], 1, "the other may have been paid: {answer}");
    assert_eq!((vendors.idenfy.billed(), vendors.youverify.billed()), (1, 1));
}
