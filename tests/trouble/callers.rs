//! Callers who keep asking, part of them under an `Idempotency-Key`, and remember every word they were told.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use reqwest::Client;
use serde_json::Value;

use crate::{
    books,
    http::Answer,
    process::Server,
    subjects::{by, person},
    vendors::Vendors,
};

/// How long a question under a key may take until it ends, sent again and again.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);
/// Whom everybody asks about again and again.
const WELL_KNOWN: usize = 5;

/// Where a gateway is asked.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    url: String,
    api_key: String,
    client: Client,
}

/// A question, perhaps under an `Idempotency-Key`.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    key: Option<String>,
    body: Value,
}

/// One who asks one question after the other.
#[derive(Debug)]
pub(crate) struct Caller {
    name: String,
    asked: usize,
    /// Every assessment that was received.
    pub(crate) assessments: Vec<Value>,
    /// What was received under a key and stands.
    pub(crate) standing: Vec<(Question, Answer)>,
    /// Asked under a key, without a word that stands.
    open: Vec<Question>,
    /// How often there was another word, by status.
    pub(crate) refusals: BTreeMap<u16, usize>,
    /// The longest that any word took.
    pub(crate) longest: Duration,
}

/// A person whose reference is also the family name, so that the vendors' calls tell whom they were about.
pub(crate) fn namesake(reference: &str) -> Value {
    let mut person = person(reference);
    person["name"]["last"] = reference.into();
    person
}

/// Everybody, checked: what was received can be read and is said again, and no key was paid for twice.
pub(crate) async fn hold_to_it(callers: &[Caller], door: &Door, vendors: &Vendors) {
    let calls = || vendors.idenfy.calls().len() + vendors.youverify.calls().len();
    let (before, billed_before) = (calls(), vendors.billed());
    for caller in callers {
        caller.read_all(door).await;
        caller.hear_again(door).await;
    }
    assert_eq!(before, calls(), "a vendor was called for what was answered before");
    for caller in callers {
        caller.hear_of_unknown(door).await;
    }
    assert_eq!(billed_before, vendors.billed(), "a vendor was paid for what was not known before");
    let billed = books::billed_by_name(&[vendors.idenfy.calls(), vendors.youverify.calls()].concat());
    let mut paid = 0;
    for key in callers.iter().flat_map(Caller::keys) {
        let times = billed.get(key).copied().unwrap_or_default();
        assert!(times <= 1, "{key} was paid for {times} times");
        paid += times;
    }
    assert!(paid > 0, "the vendors' calls tell whom they were about");
}

/// An assessment without what tells how it was served.
fn as_stored(assessment: &Value) -> Value {
    let mut plain = assessment.clone();
    for provider in plain["providers"].as_array_mut().expect("providers") {
        provider["served"] = Value::Null;
        provider["age_s"] = Value::Null;
    }
    plain
}

// === impl Door ===

impl Door {
    pub(crate) fn of(server: &Server) -> Self {
        Self { url: server.url.clone(), api_key: server.key.clone(), client: server.client.clone() }
    }

    /// The whole answer; none when the gateway was gone before its end.
    async fn send(&self, question: &Question) -> Option<Answer> {
        self.ask(question.key.as_deref(), &question.body).await
    }

    /// The same of a question that is asked under `key`.
    pub(crate) async fn ask(&self, key: Option<&str>, body: &Value) -> Option<Answer> {
        let url = format!("{}/v1/assessments", self.url);
        let mut request = self.client.post(url).bearer_auth(&self.api_key).json(body);
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let response = request.send().await.ok()?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Some(Answer { status, headers, text: response.text().await.ok()? })
    }

    async fn read(&self, id: &str) -> Answer {
        let url = format!("{}/v1/assessments/{id}", self.url);
        crate::http::answer(self.client.get(url).bearer_auth(&self.api_key)).await
    }
}

// === impl Caller ===

impl Caller {
    pub(crate) fn new(number: usize) -> Self {
        Self {
            name: format!("caller-{number}"),
            asked: 0,
            assessments: Vec::new(),
            standing: Vec::new(),
            open: Vec::new(),
            refusals: BTreeMap::new(),
            longest: Duration::ZERO,
        }
    }

    /// Asks again what is open, and then one question after the other, while `going` says so and the gateway is there.
    pub(crate) async fn ask_while(mut self, door: Door, going: impl Fn() -> bool) -> Self {
        let mut there = true;
        for question in std::mem::take(&mut self.open) {
            if there {
                there = self.ask(&door, question).await;
            } else {
                self.open.push(question);
            }
        }
        while there && going() {
            let question = self.next();
            there = self.ask(&door, question).await;
        }
        self
    }

    /// Sends what is open again until each question has ended.
    pub(crate) async fn end_all(&mut self, door: &Door) {
        let began = Instant::now();
        while !self.open.is_empty() {
            assert!(began.elapsed() < PATIENCE, "still without an end: {:?}", self.open);
            for question in std::mem::take(&mut self.open) {
                assert!(self.ask(door, question).await, "the gateway is gone");
            }
        }
    }

    /// A mix: somebody new, with a key and without, by both routes, and somebody whom all ask about.
    fn next(&mut self) -> Question {
        self.asked += 1;
        let (name, number) = (&self.name, self.asked);
        let route = if number.is_multiple_of(2) { "reverse" } else { "default" };
        match number % 4 {
            0 => {
                let known = format!("well-known-{}", number / 4 % WELL_KNOWN);
                Question { key: None, body: by(route, &namesake(&known)) }
            }
            1 => Question { key: None, body: by(route, &namesake(&format!("{name}-{number}"))) },
            _ => {
                let key = format!("key-{name}-{number}");
                Question { body: by(route, &namesake(&key)), key: Some(key) }
            }
        }
    }

    /// Asks and remembers what was said; false once the gateway is gone.
    async fn ask(&mut self, door: &Door, question: Question) -> bool {
        let began = Instant::now();
        let Some(answer) = door.send(&question).await else {
            self.open.extend(question.key.is_some().then_some(question));
            return false;
        };
        self.longest = self.longest.max(began.elapsed());
        self.remember(question, answer).await;
        true
    }

    async fn remember(&mut self, question: Question, answer: Answer) {
        let keyed = question.key.is_some();
        match answer.status {
            200 => self.assessments.push(answer.json()),
            504 if keyed => drop(answer.problem(504, "unknown_outcome")),
            409 if keyed => drop(answer.problem(409, "idempotency_key_in_use")),
            503 => {
                let code = answer.json()["code"].as_str().expect("a code").to_owned();
                answer.problem(503, &code);
            }
            _ => panic!("{question:?} was told {answer:?}"),
        }
        if answer.status != 200 {
            *self.refusals.entry(answer.status).or_default() += 1;
        }
        if matches!(answer.status, 200 | 504) {
            self.standing.extend(keyed.then_some((question, answer)));
        } else {
            self.open.extend(keyed.then_some(question));
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Every key that it has asked under.
    fn keys(&self) -> impl Iterator<Item = &str> {
        let all = self.standing.iter().map(|(question, _)| question).chain(&self.open);
        all.filter_map(|question| question.key.as_deref())
    }

    async fn read_all(&self, door: &Door) {
        for assessment in &self.assessments {
            let id = assessment["id"].as_str().expect("an id");
            let stored = door.read(id).await.good();
            assert_eq!(as_stored(&stored), as_stored(assessment));
        }
    }

    async fn hear_again(&self, door: &Door) {
        for (question, answer) in self.standing.iter().filter(|(_, answer)| answer.status == 200) {
            let again = door.send(question).await.expect("an answer");
            assert_eq!((again.status, &again.text), (answer.status, &answer.text), "{question:?}");
            assert_eq!(again.header("idempotent-replayed"), "true", "{question:?}");
        }
    }

    /// What was not known stays so, unless the vendor's own history has it by now.
    async fn hear_of_unknown(&self, door: &Door) {
        for (question, answer) in self.standing.iter().filter(|(_, answer)| answer.status != 200) {
            let again = door.send(question).await.expect("an answer");
            if again.status == 200 {
                assert_eq!(again.json()["providers"][0]["served"], "adopted", "{question:?}");
                continue;
            }
            assert_eq!((again.status, &again.text), (answer.status, &answer.text), "{question:?}");
            assert_eq!(again.header("idempotent-replayed"), "true", "{question:?}");
        }
    }
}
