//! Both vendors on this machine, and a gateway's configuration as an operator would write it.

use risk_provider_sandbox::{DEMO_PROFILE_ID, PROFILE_ID, Sandbox, Settings, Vendor};

/// Base64 of 32 bytes.
pub(crate) const MASTER_KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// Both vendors, running.
pub(crate) struct Vendors {
    pub(crate) idenfy: Sandbox,
    pub(crate) youverify: Sandbox,
}

/// What differs from one test's configuration to the next. Texts are TOML lines of the section they name.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    server: String,
    idenfy: String,
    youverify: String,
    deadline: String,
    profile: (&'static str, String),
    routes: String,
    variable: Option<(&'static str, &'static str)>,
}

const DEMO_QUESTIONS: &str = r#"
"Country of residence" = "country"
"Is the customer PEP?" = "politically_exposed"
"Industry" = { field = "industry", choices = { arms_dealers = "Arms dealers", retail = "Retail" }, otherwise = "Others", optional = true }
"Occupation" = { field = "occupation", otherwise = "Other", optional = true }
"KYC status" = { field = "kyc.verified_by", choices = { nobody = "Not verified", idenfy = "Verified" }, otherwise = "Verified by client", optional = true }
"#;

const DOCUMENTED_QUESTIONS: &str = r#"
"Is shareholder PEP?" = "politically_exposed"
"Shareholder residency" = "country"
"#;

// === impl Vendors ===

impl Vendors {
    pub(crate) async fn start() -> Self {
        let start = async |vendor| Sandbox::start(vendor, &Settings::default()).await.expect("a vendor");
        Self { idenfy: start(Vendor::Idenfy).await, youverify: start(Vendor::Youverify).await }
    }

    pub(crate) const fn of(&self, vendor: Vendor) -> &Sandbox {
        match vendor {
            Vendor::Idenfy => &self.idenfy,
            Vendor::Youverify => &self.youverify,
        }
    }

    /// How often either vendor would have charged.
    pub(crate) fn billed(&self) -> usize {
        self.idenfy.billed() + self.youverify.billed()
    }
}

// === impl Setup ===

impl Default for Setup {
    fn default() -> Self {
        Self {
            server: String::new(),
            idenfy: String::new(),
            youverify: String::new(),
            deadline: "8s".to_owned(),
            profile: (DEMO_PROFILE_ID, DEMO_QUESTIONS.to_owned()),
            routes: String::new(),
            variable: None,
        }
    }
}

impl Setup {
    /// iDenfy's documented questionnaire instead of the one whose scores vary.
    pub(crate) fn documented() -> Self {
        Self::default().profile(PROFILE_ID, DOCUMENTED_QUESTIONS)
    }

    /// This questionnaire of iDenfy's, and what answers it.
    pub(crate) fn profile(self, id: &'static str, questions: &str) -> Self {
        Self { profile: (id, questions.to_owned()), ..self }
    }

    pub(crate) fn deadline(self, deadline: &str) -> Self {
        Self { deadline: deadline.to_owned(), ..self }
    }

    pub(crate) fn idenfy(self, lines: &str) -> Self {
        Self { idenfy: lines.to_owned(), ..self }
    }

    pub(crate) fn youverify(self, lines: &str) -> Self {
        Self { youverify: lines.to_owned(), ..self }
    }

    /// Further sections, such as routes.
    pub(crate) fn routes(self, lines: &str) -> Self {
        Self { routes: lines.to_owned(), ..self }
    }

    pub(crate) fn server(self, lines: &str) -> Self {
        Self { server: lines.to_owned(), ..self }
    }

    /// Another value of one environment variable.
    pub(crate) fn variable(self, name: &'static str, value: &'static str) -> Self {
        Self { variable: Some((name, value)), ..self }
    }

    /// The configuration file. Secrets and addresses come from [`Setup::environment`].
    pub(crate) fn toml(&self) -> String {
        let Self { server, idenfy, youverify, deadline, profile, routes, variable: _ } = self;
        let (profile, questions) = profile;
        let route = |name: &str, providers: &str| {
            format!("[routes.{name}]\nproviders = [{providers}]\ndeadline = \"{deadline}\"\n")
        };
        let named = [
            route("default", r#""idenfy", "youverify""#),
            route("reverse", r#""youverify", "idenfy""#),
            route("idenfy", r#""idenfy""#),
            route("youverify", r#""youverify""#),
        ];
        let named = named.concat();
        format!(
            r#"
[server]
listen = "127.0.0.1:0"
{server}
[store]
url = "${{STORE}}"
durability = "${{DURABILITY}}"
[security]
master_key = "${{RISK_GATEWAY_MASTER_KEY}}"

[providers.idenfy]
kind = "idenfy"
base_url = "${{IDENFY_URL}}"
api_key = "${{IDENFY_API_KEY}}"
api_secret = "${{IDENFY_API_SECRET}}"
profile = "{profile}"
price = {{ amount = 0.50, currency = "EUR" }}
{idenfy}
[providers.idenfy.questions]
{questions}
[providers.youverify]
kind = "youverify-actor"
base_url = "${{YOUVERIFY_URL}}"
token = "${{YOUVERIFY_TOKEN}}"
price = {{ amount = 0.35, currency = "EUR" }}
send_previous = true
{youverify}
{named}
{routes}
"#
        )
    }

    /// The variables that the configuration names.
    pub(crate) fn environment(&self, vendors: &Vendors, store: &str) -> Vec<(&'static str, String)> {
        let Settings { idenfy_api_key, idenfy_api_secret, youverify_token, .. } = Settings::default();
        let mut variables = vec![
            ("STORE", store.to_owned()),
            ("RISK_GATEWAY_MASTER_KEY", MASTER_KEY.to_owned()),
            ("IDENFY_URL", vendors.idenfy.base_url()),
            ("IDENFY_API_KEY", idenfy_api_key),
            ("IDENFY_API_SECRET", idenfy_api_secret),
            ("YOUVERIFY_URL", vendors.youverify.base_url()),
            ("YOUVERIFY_TOKEN", youverify_token),
        ];
        if let Some((name, value)) = self.variable {
            variables.retain(|(known, _)| *known != name);
            variables.push((name, value.to_owned()));
        }
        variables
    }
}
