//! What the vendor can be told to do beside failing: `POST /_sandbox/idenfy` with one object of one key.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Idenfy;
use super::callback;

/// One order.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// Change this profile as its operator would, or back again.
    EditProfile(String),
    /// Take updates by these methods only.
    UpdateMethods(Vec<UpdateMethod>),
    /// Whether updates change nothing and answer with what was there before.
    StaleUpdates(bool),
    /// Set what the record of a company says about its risk.
    Company(CompanyOrder),
    /// Send a signed callback.
    Callback(CallbackOrder),
}

#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum UpdateMethod {
    Post,
    Put,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompanyOrder {
    id: String,
    #[serde(default)]
    risk_assessment: Value,
}

/// Where to, and what about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CallbackOrder {
    /// An `http://` address.
    pub(super) url: String,
    /// The event's name.
    pub(super) event: String,
    /// The body, word for word as JSON.
    pub(super) body: Value,
    /// The key that signs; the API secret when there is none.
    pub(super) key: Option<String>,
}

// === impl Idenfy ===

impl Idenfy {
    /// Does as told; what was done, or why it cannot be.
    pub(crate) async fn obey(&self, order: Order) -> Result<Value, String> {
        match order {
            Order::EditProfile(id) => {
                let edited = self.profiles.edit(&id);
                edited.then(|| json!({ "edited": id })).ok_or_else(|| "no such profile to edit".to_owned())
            }
            Order::UpdateMethods(methods) => {
                self.habits().methods = methods;
                Ok(json!({}))
            }
            Order::StaleUpdates(stale) => {
                self.habits().stale = stale;
                Ok(json!({}))
            }
            Order::Company(CompanyOrder { id, risk_assessment }) => {
                self.companies.put(id, risk_assessment);
                Ok(json!({}))
            }
            Order::Callback(order) => {
                let key = order.key.as_deref().unwrap_or(&self.secret);
                callback::send(&order, key).await.map(|status| json!({ "answered": status }))
            }
        }
    }
}
